/** How addresses are written in each country: facts of posts and of ISO 3166-2, by country code. */

/**
 * Postal codes by country: `#` is a digit, `@` a letter, `*` either, the rest stands for itself. Several forms are
 * parted by `|`. A country that is not here has no postal codes of a known form.
 */
const zip = '#####|#####-####';
const postalCodeForms: Readonly<Record<string, string>> = {
  ...{ AD: 'AD###', AF: '####', AI: 'AI-####', AL: '####', AM: '####', AR: '####|@####@@@', AS: zip },
  ...{
    AT: '####',
    AU: '####',
    AX: '#####',
    AZ: 'AZ####',
    BA: '#####',
    BB: 'BB#####',
    BD: '####',
    BE: '####',
  },
  ...{
    BG: '####',
    BH: '###|####',
    BL: '#####',
    BM: '@@ ##|@@ @@',
    BN: '@@####',
    BR: '#####-###',
    BT: '#####',
  },
  ...{ BY: '######', CA: '@#@ #@#', CC: '####', CH: '####', CL: '#######', CN: '######', CO: '######' },
  ...{ CR: '#####', CU: '#####', CV: '####', CX: '####', CY: '####', CZ: '### ##', DE: '#####', DK: '####' },
  ...{
    DO: '#####',
    DZ: '#####',
    EC: '######',
    EE: '#####',
    EG: '#####',
    ES: '#####',
    ET: '####',
    FI: '#####',
  },
  ...{ FK: 'FIQQ 1ZZ', FM: zip, FO: '###', FR: '#####', GE: '####', GF: '#####', GG: 'GY# #@@|GY## #@@' },
  ...{ GB: '@# #@@|@## #@@|@#@ #@@|@@# #@@|@@## #@@|@@#@ #@@', GI: 'GX11 1AA', GL: '####', GP: '#####' },
  ...{ GR: '### ##', GS: 'SIQQ 1ZZ', GT: '#####', GU: zip, GW: '####', HM: '####', HN: '#####', HR: '#####' },
  ...{
    HT: '####',
    HU: '####',
    ID: '#####',
    IE: '@## ****|D6W ****',
    IL: '#######|#####',
    IM: 'IM# #@@|IM## #@@',
  },
  ...{
    IN: '######',
    IO: 'BBND 1ZZ',
    IQ: '#####',
    IR: '##########',
    IS: '###',
    IT: '#####',
    JE: 'JE# #@@|JE## #@@',
  },
  ...{ JO: '#####', JP: '###-####', KE: '#####', KG: '######', KH: '#####|######', KR: '#####', KW: '#####' },
  ...{
    KY: 'KY#-####',
    KZ: '######|@##@#@#',
    LA: '#####',
    LB: '####|#### ####',
    LI: '####',
    LK: '#####',
    LR: '####',
  },
  ...{
    LS: '###',
    LT: 'LT-#####',
    LU: '####',
    LV: 'LV-####',
    MA: '#####',
    MC: '#####',
    MD: 'MD-####',
    ME: '#####',
  },
  ...{ MF: '#####', MG: '###', MH: zip, MK: '####', MM: '#####', MN: '#####|######', MP: zip, MQ: '#####' },
  ...{
    MT: '@@@ ####',
    MU: '#####',
    MV: '#####',
    MX: '#####',
    MY: '#####',
    MZ: '####',
    NA: '#####',
    NC: '#####',
  },
  ...{
    NE: '####',
    NF: '####',
    NG: '######',
    NI: '#####',
    NL: '#### @@',
    NO: '####',
    NP: '#####',
    NZ: '####',
  },
  ...{ OM: '###', PA: '####', PE: '#####', PF: '#####', PG: '###', PH: '####', PK: '#####', PL: '##-###' },
  ...{ PM: '#####', PN: 'PCRN 1ZZ', PR: zip, PT: '####-###', PW: zip, PY: '####', RE: '#####', RO: '######' },
  ...{
    RS: '#####',
    RU: '######',
    SA: '#####|#####-####',
    SE: '### ##',
    SG: '######',
    SI: '####',
    SJ: '####',
  },
  ...{ SH: 'ASCN 1ZZ|STHL 1ZZ|TDCU 1ZZ', SK: '### ##', SM: '#####', SN: '#####', SV: '####', SZ: '@###' },
  ...{
    TC: 'TKCA 1ZZ',
    TH: '#####',
    TJ: '######',
    TM: '######',
    TN: '####',
    TR: '#####',
    TW: '###|#####|######',
  },
  ...{ TZ: '#####', UA: '#####', US: zip, UY: '#####', UZ: '######', VA: '#####', VC: 'VC####', VE: '####' },
  ...{ VG: 'VG####', VI: zip, VN: '#####|######', WF: '#####', YT: '#####', ZA: '####', ZM: '#####' },
};

/** Where codes exist but letters arrive without one: their posts or their people hardly use them. */
const rarelyUsed = new Set(
  `AF AI BB BH BT CL CO CR DO EC EG ET GE GT GW HN HT IE IQ IR JO KE KH KW KY LA LB LR LS MA MG MM MN MV MZ NA NE NG NI
  NP OM PA PE PG PK PY SN SV SZ TJ TM TZ UY VC VE VG VN ZM ZA BD BM BN`.split(/\s+/),
);

/** Subdivisions a letter needs, as ISO 3166-2 codes without the country. */
const subdivisionCodes: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    AE: 'AJ AZ DU FU RK SH UQ',
    AU: 'ACT NSW NT QLD SA TAS VIC WA',
    BR: 'AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO',
    CA: 'AB BC MB NB NL NS NT NU ON PE QC SK YT',
    CN: 'AH BJ CQ FJ GD GS GX GZ HA HB HE HI HK HL HN JL JS JX LN MO NM NX QH SC SD SH SN SX TJ TW XJ XZ YN ZJ',
    IN: `AN AP AR AS BR CH CG DH DL GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD PB PY RJ SK TN TS TR UK UP WB`,
    IT: `AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT CZ EN FC FE FG FI FM FR
      GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC PD PE PG PI PN PO PR PT PU PV PZ RA
      RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD VA VB VC VE VI VR VT VV`,
    JP: Array.from({ length: 47 }, (_, index) => String(index + 1).padStart(2, '0')).join(' '),
    MX: `AGU BCN BCS CAM CHH CHP CMX COA COL DUR GRO GUA HID JAL MEX MIC MOR NAY NLE OAX PUE QUE ROO SIN SLP SON TAB TAM
      TLA VER YUC ZAC`,
    US: `AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA
      RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI UM AA AE AP`,
  }).map(([country, codes]) => [country, codes.split(/\s+/).sort()]),
);

/** What an address needs in a country. */
export type AddressFormat = {
  readonly country: string;
  /** Forms of its postal code with `#` for a digit, `@` for a letter, `*` for either; empty where any text will do. */
  readonly postalCodeForms: readonly string[];
  readonly isPostalCodeRequired: boolean;
  /** The subdivisions of which one is needed; empty where none is. */
  readonly subdivisions: readonly string[];
};

export const addressFormatOf = (country: string): AddressFormat => {
  const forms = postalCodeForms[country]?.split('|') ?? [];
  return {
    country,
    postalCodeForms: forms,
    isPostalCodeRequired: forms.length > 0 && !rarelyUsed.has(country),
    subdivisions: subdivisionCodes[country] ?? [],
  };
};

const fits = (mark: string, character: string): boolean => {
  if (mark === '#') return /[0-9]/.test(character);
  if (mark === '@') return /[A-Z]/.test(character);
  return mark === '*' ? /[A-Z0-9]/.test(character) : mark === character;
};

const bare = (text: string): string => text.replace(/[\s-]/g, '');

/** The code written as the form says, whatever spaces, hyphens and letter case it came in; null when it does not fit. */
const writtenAs = (form: string, code: string): string | null => {
  const marks = [...bare(form)];
  if (marks.length !== code.length || !marks.every((mark, place) => fits(mark, code[place] ?? '')))
    return null;
  let place = 0;
  return [...form].map((mark) => (/[\s-]/.test(mark) ? mark : (code[place++] ?? ''))).join('');
};

/** A postal code as its country writes it, or null when it is none of that country. */
export const postalCodeIn = (country: string, text: string): string | null => {
  const { postalCodeForms: forms } = addressFormatOf(country);
  const code = bare(text.normalize('NFKC').toUpperCase());
  if (forms.length === 0) return /^[A-Z0-9]{1,12}$/.test(code) ? text.trim().toUpperCase() : null;
  for (const form of forms) {
    // People leave out what every code of the country begins with: `1010` for `LV-1010`.
    const prefix = /^[A-Z]+(?=-|#)/.exec(form)?.[0] ?? '';
    const written = writtenAs(form, code) ?? writtenAs(form, prefix + code);
    if (written !== null) return written;
  }
  return null;
};
