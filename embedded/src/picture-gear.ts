import type { Shape } from './picture-paint.ts';

export const bag: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="none" stroke="${ink}" stroke-width="15" stroke-linecap="round" d="M204 116c0-50 72-50 72 0"/>
<rect x="106" y="222" width="40" height="126" rx="18" fill="${deep}"/><rect x="334" y="222" width="40" height="126" rx="18" fill="${deep}"/>
<path fill="${body}" d="M132 208c0-68 40-104 108-104s108 36 108 104v136c0 18-10 28-28 28H160c-18 0-28-10-28-28z"/>
<path fill="${deep}" opacity=".45" d="M132 208c0-68 40-104 108-104-48 22-66 60-66 118v150h-14c-18 0-28-10-28-28z"/>
<path fill="none" stroke="${pale}" stroke-width="6" stroke-linecap="round" d="M176 204c20-52 108-52 128 0"/>
<rect x="164" y="248" width="152" height="100" rx="20" fill="${accent}"/>
<path fill="${deep}" d="M164 268c0-12 8-20 20-20h112c12 0 20 8 20 20v12H164z"/>
${
  detail % 2
    ? `<path stroke="${ink}" stroke-width="10" d="M200 246v56M280 246v56"/><rect x="192" y="286" width="16" height="22" rx="4" fill="${pale}"/><rect x="272" y="286" width="16" height="22" rx="4" fill="${pale}"/>`
    : `<rect x="222" y="270" width="36" height="26" rx="8" fill="${pale}"/>`
}`;

export const trekkingPack: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<rect x="128" y="74" width="224" height="46" rx="23" fill="${accent}"/><path stroke="${ink}" stroke-width="8" d="M178 74v46M302 74v46"/>
<rect x="112" y="236" width="38" height="108" rx="17" fill="${deep}"/><rect x="330" y="236" width="38" height="108" rx="17" fill="${deep}"/>
<path fill="${body}" d="M142 180h196v164c0 18-10 28-28 28H170c-18 0-28-10-28-28z"/><path fill="${deep}" opacity=".4" d="M142 180h44v192h-16c-18 0-28-10-28-28z"/>
<path fill="${deep}" d="M134 188c0-48 30-76 106-76s106 28 106 76c0 14-8 20-22 20H156c-14 0-22-6-22-20z"/><path fill="none" stroke="${pale}" stroke-width="6" stroke-linecap="round" d="M168 172c14-26 130-26 144 0"/>
<path stroke="${ink}" stroke-width="11" d="M190 200v58M290 200v58"/><rect x="180" y="234" width="20" height="26" rx="5" fill="${pale}"/><rect x="280" y="234" width="20" height="26" rx="5" fill="${pale}"/>
<rect x="168" y="276" width="144" height="76" rx="16" fill="${detail % 2 ? accent : deep}"/><path stroke="${pale}" stroke-width="6" stroke-linecap="round" d="M188 298h104"/>
${detail > 1 ? `<path fill="none" stroke="${ink}" stroke-width="6" d="M358 200c26 40 24 130 4 172"/>` : ''}`;

export const bicycle: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<g fill="${pale}" stroke="${ink}" stroke-width="12"><circle cx="136" cy="292" r="74"/><circle cx="346" cy="292" r="74"/></g>
<path stroke="${ink}" stroke-width="2.5" opacity=".5" d="M62 292h148M136 218v148M84 240l104 104M84 344l104-104M272 292h148M346 218v148M294 240l104 104M294 344l104-104"/>
<path stroke="${body}" stroke-width="15" stroke-linecap="round" stroke-linejoin="round" d="${detail % 2 ? 'M136 292l60-98h112l-78 104zM196 194l34 104H136' : 'M136 292l56-84 44 90H136M196 214l112-26-72 110'}"/>
<path stroke="${body}" stroke-width="13" stroke-linecap="round" d="M346 292l-42-130"/><path stroke="${deep}" stroke-width="11" stroke-linecap="round" d="M${detail % 2 ? 196 : 192} 200l-12-40"/>
<path fill="${ink}" d="M146 146c24 6 52 6 76 2 6 12-2 20-14 20-24 0-44-4-62-22z"/>
<path fill="none" stroke="${ink}" stroke-width="11" stroke-linecap="round" d="M304 162l-6-22c26-10 54-4 56 20 0 12-8 18-18 20"/>
<circle cx="${detail % 2 ? 230 : 236}" cy="298" r="23" fill="${accent}"/><circle cx="${detail % 2 ? 230 : 236}" cy="298" r="9" fill="${pale}"/><path stroke="${ink}" stroke-width="8" stroke-linecap="round" d="M${detail % 2 ? 230 : 236} 298l18 34M${detail % 2 ? 236 : 242} 334h26"/>
<circle cx="136" cy="292" r="11" fill="${accent}"/><circle cx="346" cy="292" r="11" fill="${accent}"/>${detail > 1 ? `<path fill="${accent}" d="M64 200h86v12H64zM74 166h60v34H74z"/><path stroke="${ink}" stroke-width="6" d="M78 212l44 72"/>` : ''}`;

export const helmet: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="none" stroke="${ink}" stroke-width="11" stroke-linecap="round" stroke-linejoin="round" d="M152 296l34 66 62-62M186 362l26 4"/>
<path fill="${body}" d="M76 268c0-104 70-164 164-164 88 0 150 48 166 130 4 20-2 34-20 40-40 14-78 8-118 12-52 4-90 18-132 28-40 8-60-10-60-46z"/>
<path fill="${deep}" opacity=".5" d="M76 268c0-104 70-164 164-164-70 32-108 92-112 206-34 6-52-12-52-42z"/>
<path fill="${ink}" d="M152 214c14-42 44-66 88-74 4 24-8 54-36 72-18 12-36 12-52 2zM256 216c12-22 16-48 10-76 48 6 84 30 100 68-32 20-76 24-110 8z"/>
${detail % 2 ? `<path fill="${accent}" d="M82 252c84-6 230-10 324-20 4 18 0 32-14 40-90 4-190 10-306 34-6-14-8-32-4-54z"/>` : `<path fill="none" stroke="${accent}" stroke-width="13" stroke-linecap="round" d="M108 282c60-24 190-30 276-32"/>`}
<path fill="${pale}" d="M366 214c30 2 52 14 60 34-14 8-32 12-54 12z"/><path fill="none" stroke="${pale}" stroke-width="9" stroke-linecap="round" opacity=".8" d="M116 214c14-36 36-60 66-76"/>`;

export const headlight: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${pale}" opacity=".65" d="M300 196L470 120v252L300 296z"/>
<path fill="${ink}" d="M112 330h92l18 42H94z"/><rect x="132" y="296" width="52" height="44" fill="${deep}"/><rect x="186" y="308" width="40" height="16" rx="8" fill="${accent}"/>
<path fill="${body}" d="M92 190h124c30-2 58-12 82-26 16 18 22 46 22 82s-6 64-22 82c-24-14-52-24-82-26H92c-16 0-26-10-26-26v-60c0-16 10-26 26-26z"/>
<path fill="${deep}" opacity=".45" d="M66 254h152c36 0 66 18 92 48-4 10-8 18-12 26-24-14-52-24-82-26H92c-16 0-26-10-26-26z"/>
<ellipse cx="306" cy="246" rx="24" ry="84" fill="${ink}"/><ellipse cx="308" cy="246" rx="16" ry="68" fill="${pale}"/><ellipse cx="309" cy="246" rx="8" ry="38" fill="${accent}"/>
<rect x="122" y="176" width="62" height="20" rx="8" fill="${ink}"/>
${detail % 2 ? `<path stroke="${accent}" stroke-width="10" stroke-linecap="round" d="M104 222v46M130 222v46M156 222v46"/>` : `<path fill="none" stroke="${pale}" stroke-width="9" stroke-linecap="round" d="M98 216h92"/><circle cx="104" cy="262" r="10" fill="${accent}"/>`}`;

export const parcel: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M108 168h264v204H108z"/><path fill="${deep}" opacity=".4" d="M108 168h66v204h-66z"/><path fill="${deep}" d="M134 116h212l26 52H108z"/>
<path fill="${accent}" d="M208 116h64l8 52v70l-20-14-20 14-20-14-20 14v-70z"/>
${detail % 2 ? `<path fill="${pale}" d="M286 308h62v40h-62z"/><path stroke="${ink}" stroke-width="5" d="M296 320h42M296 334h28"/>` : `<path fill="none" stroke="${ink}" stroke-width="7" stroke-linecap="round" stroke-linejoin="round" d="M310 346v-42l-14 14M310 304l14 14M342 346v-42l-14 14M342 304l14 14"/>`}`;
