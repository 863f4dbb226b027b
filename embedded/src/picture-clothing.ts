import type { Paint, Shape } from './picture-paint.ts';

export const shirt: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M180 108L130 126 78 206l46 36 28-26v152c0 6 4 10 10 10h156c6 0 10-4 10-10V216l28 26 46-36-52-80-50-18c-12 34-108 34-120 0z"/>
<path fill="${deep}" opacity=".5" d="M152 216v152c0 6 4 10 10 10h26c-18-50-22-106-14-184zM328 216l28 26 46-36-20-30z"/>
${
  [
    `<path fill="${accent}" d="M152 236h176v28H152z"/><path fill="${pale}" d="M152 272h176v12H152z"/>`,
    `<rect x="258" y="196" width="46" height="52" rx="6" fill="${deep}"/><path fill="${accent}" d="M258 196h46v14h-46z"/>`,
    `<circle cx="240" cy="236" r="40" fill="${accent}"/><path fill="${pale}" d="M200 236a40 40 0 0 1 80 0z"/>`,
    `<path fill="${accent}" d="M240 186l14 30 32 4-24 23 6 32-28-16-28 16 6-32-24-23 32-4z"/>`,
  ][detail]
}
<path fill="none" stroke="${pale}" stroke-width="9" d="M180 108c12 40 108 40 120 0"/>
<path fill="none" stroke="${ink}" opacity=".18" stroke-width="4" d="M152 216v-34M328 216v-34M152 364h176"/>`;

const longSleeves = ({ body, deep, accent }: Paint): string => `
<path fill="${body}" d="M184 108l-54 20c-26 40-42 112-46 216h46l26-116v136c0 6 4 10 10 10h148c6 0 10-4 10-10V228l26 116h46c-4-104-20-176-46-216l-54-20c-14 24-98 24-112 0z"/>
<path fill="${deep}" opacity=".4" d="M156 228v136c0 6 4 10 10 10h26c-18-52-20-112-12-186z"/>
<path fill="${accent}" d="M85 322h49l-5 22H84zM395 322h-49l5 22h45z"/>`;

export const baseLayer: Shape = (paint, detail) => `${longSleeves(paint)}
<path fill="none" stroke="${paint.accent}" stroke-width="12" d="M184 110c14 32 98 32 112 0"/>
<path fill="none" stroke="${paint.pale}" stroke-width="7" stroke-linecap="round" d="M158 176c30 18 134 18 164 0"/>
${
  [
    `<path fill="${paint.accent}" d="M156 222h168v22H156z"/>`,
    `<path fill="${paint.accent}" d="M156 262h168v22H156zM156 296h168v10H156z"/>`,
    `<path fill="${paint.accent}" d="M156 330h168v34c0 6-4 10-10 10H166c-6 0-10-4-10-10z"/>`,
    `<path fill="${paint.accent}" d="M268 204h40v14h-40z"/>`,
  ][detail]
}`;

export const hikingShirt: Shape = (paint, detail) => `${longSleeves(paint)}
<path fill="${paint.pale}" d="M184 108c8-6 26-10 56-10s48 4 56 10l-34 44-22-20-22 20z"/>
<path stroke="${paint.ink}" stroke-width="5" opacity=".55" d="M240 136v236"/>
<g fill="${paint.pale}"><circle cx="240" cy="180" r="6"/><circle cx="240" cy="226" r="6"/><circle cx="240" cy="272" r="6"/><circle cx="240" cy="318" r="6"/></g>
${
  detail % 2
    ? `<path fill="none" stroke="${paint.accent}" stroke-width="7" opacity=".9" d="M196 152v220M284 152v220M156 216h168M156 268h168M156 320h168"/>`
    : ''
}
<path fill="${paint.accent}" d="M264 196h46v50l-23 12-23-12z"/><path fill="${paint.deep}" d="M264 196h46v14h-46z"/>`;

export const jacket: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M186 102l-56 26c-30 46-44 120-46 214h48l22-110v140h172V232l22 110h48c-2-94-16-168-46-214l-56-26z"/>
<path fill="${deep}" d="M84 342l4-46h50l-8 46zM396 342l-4-46h-50l8 46zM154 348h172v24H154z"/>
<path fill="${deep}" d="M186 102c6 30 30 54 54 62 24-8 48-32 54-62l-22-12h-64z"/>
<path fill="${pale}" d="M208 98c8 22 18 36 32 46 14-10 24-24 32-46z"/>
${
  [
    `<path fill="${accent}" d="M154 210h172v26H154z"/>`,
    `<path fill="${accent}" d="M168 272h54v42h-54zM258 272h54v42h-54z"/><path fill="${deep}" d="M168 272h54v12h-54zM258 272h54v12h-54z"/>`,
    `<path fill="${accent}" d="M154 232v-44c30 16 56 22 86 22s56-6 86-22v44c-56 22-116 22-172 0z"/>`,
    `<path stroke="${accent}" stroke-width="10" stroke-linecap="round" d="M172 300l40-14M308 300l-40-14"/>`,
  ][detail]
}
<path stroke="${ink}" stroke-width="6" opacity=".75" d="M240 164v206"/><rect x="233" y="182" width="14" height="24" rx="5" fill="${pale}"/>`;

export const hoodedJacket: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${deep}" d="M184 140c-14-76 126-76 112 0l-20 28h-72z"/><path fill="${ink}" d="M204 138c-6-46 78-46 72 0-8 20-20 30-36 38-16-8-28-18-36-38z"/>
<path fill="${body}" d="M184 122l-54 22c-30 42-44 110-46 198h48l22-100v130h172V242l22 100h48c-2-88-16-156-46-198l-54-22c0 26-20 48-56 62-36-14-56-36-56-62z"/>
<path fill="${deep}" opacity=".5" d="M154 242v130h36c-18-44-22-96-12-150zM84 342l4-40h50l-6 40zM396 342l-4-40h-50l6 40z"/>
${
  [
    `<path fill="${accent}" d="M117 168l13-24 54-22c4 30 24 52 56 62 32-10 52-32 56-62l54 22 13 24c-24 34-68 50-123 50s-99-16-123-50z"/>`,
    `<path fill="none" stroke="${accent}" stroke-width="10" stroke-linecap="round" d="M176 226l34-12M304 226l-34-12M176 318h38M304 318h-38"/>`,
    `<path fill="${accent}" d="M154 300h172v30H154z"/>`,
    `<path fill="${accent}" d="M240 184c36-14 56-36 56-62l54 22c-2 40-32 130-64 228h-46z" opacity=".9"/>`,
  ][detail]
}
<path stroke="${pale}" stroke-width="6" d="M240 184v188"/><rect x="234" y="196" width="12" height="24" rx="5" fill="${ink}"/>
<path stroke="${pale}" stroke-width="7" stroke-linecap="round" d="M100 328h24M356 328h24"/>`;

export const downJacket: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${accent}" d="M190 96h100l14 40c-16 22-112 22-128 0z"/>
<path fill="${body}" d="M180 118l-46 16c-16 8-28 28-32 46-6 18-6 32-8 44-8 14-10 28-10 40-6 14-8 28-6 40-2 18 2 32 10 40h42c10-8 12-20 10-34 8-14 10-26 8-38 6-8 8-16 8-26v102c0 16 8 24 22 24h124c14 0 22-8 22-24V246c0 10 2 18 8 26-2 12 0 24 8 38-2 14 0 26 10 34h42c8-8 12-22 10-40 2-12 0-26-6-40 0-12-2-26-10-40-2-12-2-26-8-44-4-18-16-38-32-46l-46-16c-10 26-110 26-120 0z"/>
<path fill="${deep}" opacity=".4" d="M156 246v102c0 16 8 24 22 24h22c-18-50-20-112-8-190z"/>
<path fill="none" stroke="${deep}" stroke-width="7" stroke-linecap="round" d="M158 190c26 12 50 16 80 16M158 236c26 12 50 16 80 16M158 282c26 12 50 16 80 16M158 326c26 12 50 16 80 16M322 190c-26 12-50 16-80 16M322 236c-26 12-50 16-80 16M322 282c-26 12-50 16-80 16M322 326c-26 12-50 16-80 16M96 222c16 8 36 8 54 2M86 262c16 8 38 8 60 2M80 304c18 8 38 8 60 4M384 222c-16 8-36 8-54 2M394 262c-16 8-38 8-60 2M400 304c-18 8-38 8-60 4"/>
<path stroke="${ink}" stroke-width="6" d="M240 140v230"/><rect x="233" y="150" width="14" height="24" rx="5" fill="${pale}"/>
${detail % 2 ? `<rect x="264" y="182" width="40" height="20" rx="6" fill="${accent}"/>` : `<circle cx="284" cy="190" r="13" fill="${accent}"/>`}`;

export const poncho: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${ink}" d="M196 340h32v32h-40zM252 340h32l8 32h-40z"/>
<path fill="${body}" d="M192 120c-58 40-104 120-124 214 50 24 110 34 172 34s122-10 172-34c-20-94-66-174-124-214z"/>
<path fill="${deep}" opacity=".4" d="M192 120c-58 40-104 120-124 214 24 12 50 20 78 26 6-92 26-160 68-204z"/>
${
  [
    `<path fill="${accent}" d="M80 288c94 46 226 46 320 0l12 46c-50 24-110 34-172 34s-122-10-172-34z"/>`,
    `<path fill="${accent}" d="M196 262h88v56c-28 8-60 8-88 0z"/><path fill="${deep}" d="M196 262h88v16h-88z"/>`,
    `<path fill="none" stroke="${accent}" stroke-width="14" d="M96 248c84 40 204 40 288 0M82 292c92 44 224 44 316 0"/>`,
    `<g fill="${accent}"><circle cx="176" cy="232" r="12"/><circle cx="240" cy="252" r="12"/><circle cx="304" cy="232" r="12"/><circle cx="134" cy="294" r="12"/><circle cx="206" cy="312" r="12"/><circle cx="274" cy="312" r="12"/><circle cx="346" cy="294" r="12"/></g>`,
  ][detail]
}
<path fill="${deep}" d="M184 142c-16-80 128-80 112 0-10 26-34 44-56 54-22-10-46-28-56-54z"/><path fill="${ink}" d="M204 138c-6-46 78-46 72 0-8 20-20 32-36 38-16-6-28-18-36-38z"/>
<path stroke="${pale}" stroke-width="6" stroke-linecap="round" d="M226 190v34M254 190v34"/><circle cx="226" cy="228" r="6" fill="${pale}"/><circle cx="254" cy="228" r="6" fill="${pale}"/>`;

export const trousers: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M164 98h152l26 274h-72l-28-166h-4l-28 166h-72z"/>
<path fill="${deep}" opacity=".55" d="M164 98h36l-30 274h-32zM242 206l14-70h26l-8 236z"/>
<path fill="${deep}" d="M161 98h158l3 28H158z"/><rect x="228" y="98" width="24" height="28" rx="4" fill="${accent}"/>
<path fill="none" stroke="${pale}" stroke-width="5" stroke-dasharray="9 7" d="M172 136c2 26 14 40 36 44M308 136c-2 26-14 40-36 44"/>
${
  detail % 2
    ? `<path fill="${accent}" d="M140 344h72l-4 28h-70zM268 344h72l2 28h-70z"/>`
    : `<rect x="280" y="216" width="42" height="50" rx="6" fill="${deep}"/><path fill="${accent}" d="M280 216h42v12h-42z"/>`
}
<path stroke="${ink}" opacity=".3" stroke-width="5" d="M240 126v80"/>`;

export const shorts: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M146 132h188l42 208c-34 16-72 22-112 20l-22-104h-4l-22 104c-40 2-78-4-112-20z"/>
<path fill="${deep}" opacity=".45" d="M146 132h40l-40 222c-16-4-30-8-42-14zM240 256l-8-92h24l18 196-10 0z"/>
<path fill="${deep}" d="M144 132h192l6 30H138z"/>
${detail % 2 ? `<path fill="${accent}" d="M110 308c34 16 72 22 116 22l-10 30c-40 2-78-4-112-20zM370 308c-34 16-72 22-116 22l10 30c40 2 78-4 112-20z"/>` : `<path fill="${accent}" d="M286 228h56l8 60h-58z"/><path fill="${deep}" d="M286 228h56l2 16h-57z"/>`}
<path fill="none" stroke="${pale}" stroke-width="7" stroke-linecap="round" d="M240 148c-14 18-16 34-14 50M240 148c14 18 16 34 14 50"/><path stroke="${ink}" opacity=".35" stroke-width="5" d="M240 166v90"/>`;
