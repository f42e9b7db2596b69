internal import ArgumentParser

/// Scripts that make a shell ask this program what could be typed next.
enum CompletionScript: String, CaseIterable, ExpressibleByArgument, Sendable {
    case bash, zsh, fish

    var text: String {
        switch self {
        case .bash: Self.bashText
        case .zsh: Self.zshText
        case .fish: Self.fishText
        }
    }

    /// bash takes words apart at colons, so that the part before the last one must not be repeated.
    private static let bashText = #"""
        # Completion of fasti for bash.
        _fasti() {
            local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} candidate description head
            local -a words
            read -ra words <<< "$line"
            [[ $line == *[[:space:]] ]] && words+=("")
            local whole=${words[${#words[@]}-1]}
            [[ $current == [:=] ]] && current=
            head=${whole%"$current"}
            COMPREPLY=()
            while IFS=$'\t' read -r candidate description; do
                case $candidate in
                    :files) compopt -o filenames 2> /dev/null; while IFS= read -r candidate; do
                        COMPREPLY+=("$candidate"); done < <(compgen -f -- "$whole") ;;
                    :folders) compopt -o filenames 2> /dev/null; while IFS= read -r candidate; do
                        COMPREPLY+=("$candidate"); done < <(compgen -d -- "$whole") ;;
                    ?*) COMPREPLY+=("${candidate#"$head"}") ;;
                esac
            done < <("${words[0]}" complete -- "${words[@]:1}" 2> /dev/null)
            [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:/=] ]] && compopt -o nospace 2> /dev/null
            return 0
        }
        complete -F _fasti fasti
        """#

    private static let zshText = #"""
        #compdef fasti
        # Completion of fasti for zsh.
        _fasti() {
            local -a candidates
            local line
            for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
                case $line in
                    :files) _files ;;
                    :folders) _files -/ ;;
                    ?*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
                esac
            done
            (( ${#candidates} )) && _describe -t candidates fasti candidates
        }
        if [[ $funcstack[1] == _fasti ]]; then _fasti "$@"; else compdef _fasti fasti; fi
        """#

    private static let fishText = #"""
        # Completion of fasti for fish.
        function __fasti_complete
            set -l words (commandline -opc) (commandline -ct)
            for line in ($words[1] complete -- $words[2..-1] 2> /dev/null)
                switch $line
                    case ':files'
                        __fish_complete_path (commandline -ct)
                    case ':folders'
                        __fish_complete_directories (commandline -ct)
                    case '?*'
                        echo $line
                end
            end
        end
        complete -c fasti -f -a '(__fasti_complete)'
        """#
}

struct CompletionCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for a shell.",
        discussion: """
            "make install" puts the scripts where the shells look for them. Names of sources, destinations, stores and \
            policies are completed, and snapshots of stores that can be opened without asking.

            Examples:
              fasti completion bash > ~/.local/share/bash-completion/completions/fasti
              fasti completion fish > ~/.config/fish/completions/fasti.fish
            """)

    @Argument(help: "The shell.") var shell: CompletionScript
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.show(
            text: shell.text,
            json: [
                "version": .schemaVersion, "type": "completion", "shell": .string(shell.rawValue),
                "script": .string(shell.text),
            ])
        return .success
    }
}
