/// How the first page looks, and the one thing it does.
enum HomePageAssets {
    static let style = """
        :root{--text:#1d2733;--soft:#5b6776;--page:#f4f5f7;--card:#fff;--line:#dfe3e8;--accent:#0b6bcb;--code:#f1f3f6}
        @media(prefers-color-scheme:dark){:root{--text:#e6eaef;--soft:#9aa6b4;--page:#12161b;--card:#1b2128;--line:#2d353f;\
        --accent:#6cb2f7;--code:#12171d}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
        header,main{max-width:46rem;margin:0 auto;padding:0 1rem}
        header{padding-top:2.5rem}
        h1{margin:0;font-size:1.9rem;letter-spacing:-.02em}
        header p{margin:.2rem 0 0;color:var(--soft)}
        h2{margin:2rem 0 .7rem;font-size:1.1rem}
        ul{list-style:none;margin:0;padding:0}
        li,details{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:.9rem 1rem;margin:0 0 .6rem}
        li p,details p{margin:.4rem 0}
        .name{overflow-wrap:anywhere}
        .dot{display:inline-block;width:.8rem;height:.8rem;border-radius:50%;background:var(--soft);margin-right:.55rem;\
        box-shadow:inset 0 0 0 1px #0002}
        small,.none{color:var(--soft)}
        .address{display:flex;gap:.5rem;margin:.5rem 0;align-items:stretch}
        code{flex:1;min-width:0;overflow-wrap:anywhere;background:var(--code);border:1px solid var(--line);\
        border-radius:.45rem;padding:.35rem .6rem;font:.86rem/1.5 ui-monospace,monospace}
        button{border:1px solid var(--line);border-radius:.45rem;background:var(--card);color:var(--accent);\
        font:inherit;font-size:.9rem;min-width:4.8rem;padding:.2rem .7rem;cursor:pointer}
        button:hover{border-color:var(--accent)}
        a{color:var(--accent)}
        .links{font-size:.92rem}
        summary{cursor:pointer;font-weight:600}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        main{padding-bottom:3rem}

        """

    /// Without it the buttons stay hidden.
    static let script = """
        for(const b of document.querySelectorAll('.address button')){b.hidden=false;b.addEventListener('click',async()=>{\
        const c=b.previousElementSibling;let ok=true;\
        try{await navigator.clipboard.writeText(c.textContent)}catch(e){\
        const r=document.createRange();r.selectNodeContents(c);const s=getSelection();s.removeAllRanges();s.addRange(r);\
        ok=document.execCommand('copy')}\
        b.textContent=ok?'Copied':'Selected';setTimeout(()=>{b.textContent='Copy'},1500)})}
        """
}
