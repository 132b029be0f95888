"""The report's style sheet. Light and dark; from 360 pixels up; logical properties, so that it reads both ways."""

CSS = """
:root{--bg:#faf9f6;--card:#fff;--ink:#1d2430;--soft:#5c6675;--line:#e3e1da;--accent:#0b6e6e;--good:#0a7a4b;
--bad:#b3372f;
--c0:#0b7285;--c1:#e07a1f;--c2:#6b4fbb;--c3:#2b8a3e;--c4:#c2255c;--c5:#1c7ed6;--c6:#a17c00;--c7:#5f3dc4;--ref:#8b94a3;
--m1:#eef0d8;--m2:#e3ecb4;--m3:#c9e3a0;--m4:#a4d78d}
@media (prefers-color-scheme:dark){:root{--bg:#14181f;--card:#1c222b;--ink:#e7eaee;--soft:#9aa5b4;--line:#323a46;
--accent:#4fc3c3;--good:#5bd39a;--bad:#ff8f86;--c0:#3bb6cc;--c1:#f0a04b;--c2:#a892f0;--c3:#63c174;--c4:#f06595;
--c5:#5fb0f5;--c6:#d9b53c;--c7:#9b87f5;--ref:#7d8796;--m1:#2c3222;--m2:#38441f;--m3:#3f5a22;--m4:#3d7030}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic","DejaVu Sans",sans-serif}
[lang=ar]{font-family:"Noto Naskh Arabic","Amiri","Geeza Pro","Segoe UI","Noto Sans Arabic","DejaVu Sans",serif;
font-size:1.06em;line-height:1.85}
main{max-width:1120px;margin:0 auto;padding:28px 20px 64px}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:1.3rem;margin:44px 0 4px;padding-top:14px;border-top:2px solid var(--accent)}
h3{font-size:1.02rem;margin:30px 0 8px}
p{margin:6px 0 12px}.soft,figcaption,.ci{color:var(--soft)}.soft{font-size:.93rem}
a{color:var(--accent)}
code{font:.82em/1.6 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.sig code{display:block;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:6px 10px;
margin:6px 0}
nav{display:flex;flex-wrap:wrap;gap:8px;margin:14px 0}
nav a,.chip{display:inline-flex;align-items:center;gap:7px;border:1px solid var(--line);border-radius:99px;
padding:3px 12px;
background:var(--card);text-decoration:none;font-size:.9rem}
.chips{display:flex;flex-wrap:wrap;gap:7px;margin:10px 0}
.sw{width:11px;height:11px;border-radius:50%;background:currentColor;flex:none;display:inline-block}
.warn{border-inline-start:4px solid var(--c1);background:var(--card);padding:8px 14px;border-radius:4px;margin:12px 0}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--card);position:relative}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:8px 12px;text-align:end;white-space:nowrap;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td,tr:last-child th{border-bottom:0}
thead th{font-weight:600;color:var(--soft);font-size:.83rem;vertical-align:bottom}
tbody th,thead th:first-child{text-align:start;position:sticky;inset-inline-start:0;background:var(--card);z-index:1;
font-weight:600}
tbody th{max-width:44vw;overflow:hidden;text-overflow:ellipsis}
td .ci{display:block;font-size:.78rem;line-height:1.3}
td.best{font-weight:700}td.best .ci{font-weight:400}
.base th,.base td{color:var(--soft)}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(300px,100%),1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 12px 8px;
min-width:0}
figcaption{font-size:.88rem;margin:0 0 6px}
svg{display:block;width:100%;height:auto;max-width:520px;margin:0 auto}
svg text{font-size:11px;fill:var(--soft)}svg .name{fill:var(--ink);font-size:11.5px}
svg .axis{font-size:11px}
svg .grid{stroke:var(--line);stroke-width:1}svg .base{stroke:var(--soft);stroke-width:.7}
svg .median{stroke:var(--ink);stroke-width:1.4;stroke-dasharray:3 2}
svg .whisker{stroke-width:3;stroke-linecap:round;opacity:.55}svg .trend{fill:none;stroke-width:2.2}
svg .fill{opacity:.75}svg .speck{opacity:.28}
.c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}
.c5{color:var(--c5)}
.c6{color:var(--c6)}.c7{color:var(--c7)}.ref{color:var(--ref)}
svg .c0,svg .c1,svg .c2,svg .c3,svg .c4,svg .c5,svg .c6,svg .c7,svg .ref{fill:currentColor;stroke:currentColor}
svg .fill,svg .dot,svg .speck{stroke:none}svg polyline.trend{fill:none}
td.sig-hi{color:var(--good);font-weight:600}td.sig-lo{color:var(--bad);font-weight:600}td.na{color:var(--soft)}
td .ci{font-weight:400}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:10px 0}
summary{cursor:pointer;padding:9px 14px;font-weight:600;font-size:.94rem}
details>.in{padding:2px 14px 14px}details .scroll{border-radius:8px}
.doc{margin:14px 0;border:1px solid var(--line);border-radius:12px;background:var(--card);overflow:hidden}
.doc>header{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;padding:10px 16px;
border-bottom:1px solid var(--line)}
.doc>header b{font-size:1.02rem}.doc .id{overflow-wrap:anywhere;color:var(--soft);font-size:.84rem}
.cells{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(290px,100%),1fr));overflow:hidden}
.cell{padding:12px 16px;min-width:0;border-inline-end:1px solid var(--line);border-bottom:1px solid var(--line);
margin:0 0 -1px}
.cell h4{margin:0 0 4px;font-size:.84rem;display:flex;align-items:center;gap:7px;flex-wrap:wrap}
.cell h4 .v{color:var(--soft);font-weight:400;margin-inline-start:auto}
.cell p{margin:0;overflow-wrap:anywhere}
.cell.r{box-shadow:inset 0 3px 0 var(--ref)}
.doc details{border:0;border-top:1px solid var(--line);border-radius:0;margin:0}
.src{max-height:26em;overflow:auto;white-space:pre-line;padding:2px 16px 14px;font-size:.95em}
mark{color:inherit;border-radius:3px;padding:0 1px;background:var(--m1)}
mark.n2{background:var(--m2)}mark.n3{background:var(--m3)}mark.n4{background:var(--m4)}
.key mark{padding:1px 8px;margin-inline-end:4px;white-space:nowrap;display:inline-block}
@media (max-width:520px){main{padding:18px 12px 48px}h1{font-size:1.4rem}th,td{padding:7px 9px}
.cell{padding:11px 13px}}
@media print{.scroll{overflow:visible}.src{max-height:none}body{background:#fff}}
"""
