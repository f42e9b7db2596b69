# Fasti. `make` alone prints what there is.
.PHONY: help run test bench fuzz format lint docs install clean
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DATA   ?= $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/fasti
PORT   ?= 8080

help: ## print this list
	@printf 'Fasti: a calendar server over git, and encrypted snapshots of calendars anywhere.\n\n'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'
	@printf '\nFirst: make run\n'

run: ## build and start a server of your own on localhost (DATA=folder, PORT=8080)
	@fasti=$$(scripts/build) && mkdir -p "$(DATA)" && \
	    exec "$$fasti" serve --defaults -d "$(DATA)/dav" --snapshots "$(DATA)/snapshots" --port $(PORT)

test: ## build everything and run all tests, installing the programs they talk to
	@scripts/test

bench: ## measure against Xandikos, restic and borg, side by side
	@scripts/bench

fuzz: ## try the readers of stored bytes with libFuzzer for a while (SECONDS=60 for each)
	@for target in $$(scripts/fuzz); do scripts/fuzz $$target -max_total_time=$(or $(SECONDS),60) || exit; done

format: ## format the sources
	@swift format format -i -r -p Package.swift Sources Tests Fuzz

lint: ## check format, documentation links and the rules that a compiler does not know
	@scripts/lint

docs: ## write the libraries' documentation into docs/.build
	@scripts/docs

install: ## install fasti into PREFIX/bin, with manual pages and completions (PREFIX=/usr/local)
	@fasti=$$(scripts/build) && root="$(DESTDIR)$(PREFIX)" && install -d "$$root/bin" && \
	    install -m 0755 "$$fasti" "$$root/bin/fasti" && strip --strip-debug "$$root/bin/fasti" && \
	    "$$fasti" manual --quiet --to "$$root/share/man/man1" && \
	    for entry in bash:bash-completion/completions/fasti zsh:zsh/site-functions/_fasti \
	        fish:fish/vendor_completions.d/fasti.fish; do \
	        file="$$root/share/$${entry#*:}" && install -d "$$(dirname "$$file")" && \
	        "$$fasti" completion "$${entry%%:*}" > "$$file" || exit 1; done && \
	    printf 'Installed %s\n' "$$root/bin/fasti"

clean: ## remove this project's builds from the cache
	@rm -rf "$$(scripts/cache-folder)"/build-* .build docs/.build
