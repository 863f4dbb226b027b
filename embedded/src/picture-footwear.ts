import type { Shape } from './picture-paint.ts';

export const shoe: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M88 322c-4-40-2-78 12-106 10-10 44-6 54 8 14 22 46 24 68 8 26 30 66 50 118 58 36 6 52 22 52 50z"/>
<path fill="${deep}" d="M88 322c-4-40-2-78 12-106 16 34 20 76 16 124H90z"/>
<path fill="${deep}" opacity=".55" d="M302 282c-8 20-10 40-8 58h98c0-28-16-44-52-50z"/>
${
  [
    `<path fill="none" stroke="${accent}" stroke-width="13" stroke-linecap="round" d="M150 330c30-10 62-34 82-72M190 332c26-12 48-30 62-56"/>`,
    `<path fill="${accent}" d="M140 326c50-4 92-22 122-52-26 46-66 64-122 66z"/>`,
    `<circle cx="168" cy="292" r="21" fill="${accent}"/><circle cx="168" cy="292" r="9" fill="${pale}"/>`,
    `<path fill="${accent}" d="M140 262l22 70h-26l-10-66zM178 266l20 66h-22l-18-68z"/>`,
  ][detail]
}
<path fill="none" stroke="${pale}" stroke-width="8" stroke-linecap="round" d="M222 236l-20 22M244 254l-18 22M268 268l-16 22M292 280l-14 20"/>
<path fill="${pale}" d="M84 334h312c6 0 8 8 6 18-2 14-12 20-28 20H106c-16 0-24-8-24-22 0-10 0-16 2-16z"/>
<path stroke="${ink}" opacity=".22" stroke-width="4" d="M88 354h310"/>`;

export const winterBoot: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M136 118h118v128c0 22 20 34 50 42 44 10 70 22 76 60H136z"/>
<path fill="${deep}" d="M136 118h44v230h-44z" opacity=".6"/>
<path fill="${accent}" d="M132 112h126v30H132z"/>
<path fill="none" stroke="${pale}" stroke-width="8" stroke-linecap="round" d="M208 ${detail % 2 ? 172 : 164}l50 10M206 204l52 10M208 236l54 12M222 268l58 8"/>
<path fill="${ink}" d="M130 346h254c4 14 0 26-14 26H216l-8-10h-14l-6 10h-46c-10 0-14-12-12-26z"/>`;

export const sandal: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M118 232c4-22 24-30 44-22 22 8 26 30 22 54l-10 66h-56z"/>
<path fill="none" stroke="${deep}" stroke-width="28" stroke-linecap="round" d="M150 234c40-14 66-8 88 22 14 24 24 50 28 76"/>
<path fill="none" stroke="${body}" stroke-width="30" stroke-linecap="round" d="M236 332c8-46 40-72 78-60 26 10 38 34 42 60"/>
<path fill="none" stroke="${accent}" stroke-width="10" stroke-linecap="round" d="${detail % 2 ? 'M152 232c38-12 62-6 82 22M250 320c10-30 32-46 58-38' : 'M132 240c2-12 10-16 20-14M338 322c-4-16-12-28-24-34'}"/>
<rect x="196" y="216" width="34" height="30" rx="7" fill="${pale}" transform="rotate(24 213 231)"/>
<path fill="${pale}" d="M84 326h300c16 0 22 8 20 20H84z"/><path fill="${ink}" d="M84 344h320c-2 20-14 28-34 28H108c-18 0-24-8-24-28z"/>
<path stroke="${pale}" opacity=".35" stroke-width="6" d="M128 372v-14M168 372v-14M208 372v-14M248 372v-14M288 372v-14M328 372v-14"/>`;

export const hikingBoot: Shape = ({ body, deep, pale, accent, ink }, detail) => `
<path fill="${body}" d="M128 336c-8-54 4-108-2-164 0-10 6-16 16-16h100c10 0 16 8 14 20-6 34 12 62 46 76 40 16 82 22 92 84z"/>
<path fill="${deep}" opacity=".5" d="M128 336c-8-54 4-108-2-164 0-10 6-16 16-16h20c14 60 6 120 14 180z"/>
<path fill="${deep}" d="M330 266c34 12 58 30 64 70h-84c0-26 6-50 20-70z"/>
<path fill="${accent}" d="M122 150h130c10 0 14 26 2 30H124c-12-4-12-30-2-30z"/>
${detail % 2 ? `<path fill="${accent}" d="M150 326c34-2 62-26 78-64l28 18c-22 36-54 52-106 56z"/>` : `<circle cx="186" cy="268" r="20" fill="${accent}"/><circle cx="186" cy="268" r="8" fill="${pale}"/>`}
<path fill="none" stroke="${pale}" stroke-width="8" stroke-linecap="round" d="M214 206l46-8M220 232l48-12M238 254l44-18M264 272l38-26M292 284l28-28"/>
<path fill="${ink}" d="M116 334h280c8 0 10 8 8 18-2 14-10 20-22 20h-28l-8-10h-24l-8 10h-26l-8-10h-24l-8 10h-26l-8-10h-24l-8 10h-40c-14 0-22-10-22-24 0-8 0-14 6-14z"/>`;
