import type { Shape } from './picture-paint.ts';

export const tent: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path stroke="${ink}" stroke-width="8" stroke-linecap="round" d="M64 372l52-64M416 372l-52-64"/>
<path fill="${body}" d="M240 96l150 276H90z"/><path fill="${deep}" opacity=".5" d="M240 96L90 372h74z"/>
${detail % 2 ? `<path fill="${accent}" d="M240 96l30 56c-20 10-40 10-60 0z"/>` : `<path fill="${accent}" d="M112 332l22-40h212l22 40z"/>`}
<path fill="${ink}" d="M240 190l58 182H182z"/><path fill="${pale}" d="M240 190l-58 182h-26c40-50 70-110 84-182zM240 190l58 182h26c-40-50-70-110-84-182z"/><path stroke="${accent}" stroke-width="8" stroke-linecap="round" d="M240 96V72"/>`;

export const domeTent: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path stroke="${ink}" stroke-width="6" stroke-linecap="round" d="M92 254l-50 112M388 254l50 112"/>
<path fill="${body}" d="M64 372c10-134 80-222 176-222s166 88 176 222z"/><path fill="${deep}" opacity=".45" d="M64 372c10-134 80-222 176-222-66 40-104 120-110 222z"/>
<path fill="none" stroke="${ink}" stroke-width="7" stroke-linecap="round" d="M64 372c10-134 80-222 176-222s166 88 176 222M130 372c6-102 44-182 110-222 66 40 104 120 110 222"/>
<path fill="${ink}" d="M192 372c2-62 20-112 48-146 28 34 46 84 48 146z"/><path fill="${pale}" d="M240 226c-28 34-46 84-48 146h-34c8-66 36-116 82-146z"/>
${detail % 2 ? `<path fill="${accent}" d="M182 168c38-22 78-22 116 0-8 18-36 28-58 28s-50-10-58-28z"/>` : `<path fill="${accent}" d="M72 324l-8 48h66l4-48zM408 324l8 48h-66l-4-48z"/>`}
<path stroke="${accent}" stroke-width="7" stroke-linecap="round" d="M240 150v-44"/><path fill="${accent}" d="M240 104h44l-12 14 12 14h-44z"/>`;

export const sleepingBag: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<g transform="translate(0 34) rotate(-66 240 236)"><path fill="${body}" d="M240 48c58 0 82 46 86 98 4 60-18 128-26 196-4 34-22 48-60 48s-56-14-60-48c-8-68-30-136-26-196 4-52 28-98 86-98z"/>
<path fill="${deep}" opacity=".4" d="M240 48c-30 24-46 62-46 106 0 82 22 150 26 234-24-4-36-18-40-46-8-68-30-136-26-196 4-52 28-98 86-98z"/>
<path fill="${deep}" d="M240 64c40 0 58 34 58 72s-24 54-58 54-58-16-58-54 18-72 58-72z"/><path fill="${pale}" d="M240 84c26 0 40 22 40 50s-16 40-40 40-40-12-40-40 14-50 40-50z"/>
<path fill="none" stroke="${deep}" stroke-width="7" stroke-linecap="round" d="M162 216c44 18 112 18 156 0M170 262c40 16 100 16 140 0M178 306c36 14 88 14 124 0M184 348c32 12 80 12 112 0"/>
<path stroke="${accent}" stroke-width="${detail % 2 ? 12 : 8}" stroke-linecap="round" d="M296 176c2 60-12 120-18 178"/>${detail > 1 ? `<rect x="206" y="276" width="44" height="30" rx="6" fill="${accent}"/>` : `<circle cx="226" cy="286" r="18" fill="${accent}"/>`}
<path stroke="${ink}" stroke-width="7" stroke-linecap="round" d="M296 176l10 22"/></g>`;

export const stove: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${pale}" d="M150 108h180v92c0 16-8 24-24 24H174c-16 0-24-8-24-24z"/><path fill="${ink}" opacity=".14" d="M150 108h40v116h-16c-16 0-24-8-24-24z"/><rect x="138" y="92" width="204" height="22" rx="10" fill="${ink}"/><rect x="222" y="74" width="36" height="22" rx="9" fill="${accent}"/>
<path fill="none" stroke="${ink}" stroke-width="14" stroke-linecap="round" d="M338 140h62"/>
<path fill="${accent}" d="M240 224c26 14 40 26 30 40h-60c-10-14 4-26 30-40z"/><path fill="${pale}" d="M240 238c12 8 18 16 12 26h-24c-6-10 0-18 12-26z"/>
<path stroke="${ink}" stroke-width="11" stroke-linecap="round" stroke-linejoin="round" d="M172 226l24 46h88l24-46"/>
<path fill="${ink}" d="M216 264h48v26h-48z"/><rect x="264" y="270" width="48" height="12" rx="6" fill="${deep}"/><circle cx="318" cy="276" r="13" fill="${accent}"/>
<path fill="${deep}" d="M206 286h68v18h-68z"/><path fill="${body}" d="M162 320c6-14 30-20 78-20s72 6 78 20v38c0 8-6 14-14 14H176c-8 0-14-6-14-14z"/>
${detail % 2 ? `<path fill="${accent}" d="M162 330h156v18H162z"/>` : `<path fill="${deep}" opacity=".45" d="M162 320c6-14 20-18 44-20v72h-30c-8 0-14-6-14-14z"/><circle cx="250" cy="338" r="15" fill="${pale}"/>`}`;

export const bottle: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<rect x="212" y="72" width="56" height="38" rx="9" fill="${ink}"/><path fill="${deep}" d="M208 106h64v22h-64z"/>
<path fill="${body}" d="M208 124h64c2 34 44 42 44 86v138c0 16-8 24-24 24H188c-16 0-24-8-24-24V210c0-44 42-52 44-86z"/>
<path fill="${deep}" opacity=".45" d="M208 124h20c-2 38-26 48-26 92v156h-14c-16 0-24-8-24-24V210c0-44 42-52 44-86z"/>
${
  [
    `<path fill="${accent}" d="M164 236h152v76H164z"/><path fill="${pale}" d="M186 258h108v10H186zM186 280h70v10h-70z"/>`,
    `<circle cx="246" cy="270" r="44" fill="${accent}"/><path fill="${pale}" d="M246 244c20 26 20 46 0 46s-20-20 0-46z"/>`,
    `<path fill="${accent}" d="M164 300c50-34 102 26 152-6v54c0 16-8 24-24 24H188c-16 0-24-8-24-24z"/>`,
    `<path fill="${pale}" d="M164 222h152v14H164z"/><path fill="${accent}" d="M164 246h152v30H164z"/><path fill="${pale}" d="M164 286h152v14H164z"/>`,
  ][detail]
}
<path stroke="${pale}" stroke-width="10" stroke-linecap="round" opacity=".7" d="M294 216v100"/>`;

export const lantern: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<circle cx="240" cy="238" r="120" fill="${pale}" opacity=".55"/>
<path fill="none" stroke="${ink}" stroke-width="11" stroke-linecap="round" d="M168 190c-16-140 160-140 144 0"/>
<path fill="${body}" d="M204 104h72l30 46H174z"/><path fill="${deep}" d="M162 148h156v24H162z"/>
<path fill="${pale}" d="M174 172h132l8 128H166z"/><path fill="${accent}" d="${detail % 2 ? 'M240 192c34 40 40 66 22 92h-44c-18-26-12-52 22-92z' : 'M222 194h36v96h-36z'}"/><path fill="${pale}" d="${detail % 2 ? 'M240 234c16 20 18 34 8 50h-16c-10-16-8-30 8-50z' : 'M230 204h20v40h-20z'}"/>
<path stroke="${ink}" stroke-width="6" opacity=".75" d="M192 172l-6 128M288 172l6 128"/>
<path fill="${deep}" d="M158 298h164v20H158z"/><path fill="${body}" d="M150 318h180l8 40c1 8-4 14-12 14H154c-8 0-13-6-12-14z"/><circle cx="240" cy="344" r="13" fill="${accent}"/>`;
