/** The 249 officially assigned alpha-2 codes of ISO 3166-1; the list changes about once in ten years. */
const assigned = `
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`;

/** States and provinces that tax by themselves, by ISO 3166-2; a state's buyers are those of its country too. */
const subdivided = {
  US: `AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK
    OR PA RI SC SD TN TX UT VA VT WA WI WV WY`,
  CA: 'AB BC MB NB NL NS NT NU ON PE QC SK YT',
};

/** The country codes of ISO 3166-1. */
export const regionCodes: ReadonlySet<string> = new Set(assigned.trim().split(/\s+/));

const subdivisionCodes: ReadonlySet<string> = new Set(
  Object.entries(subdivided).flatMap(([country, codes]) =>
    codes.split(/\s+/).map((code) => `${country}-${code}`),
  ),
);

/** Whether it is a region of sale: a country, or a state or province of the US or Canada. */
export const isRegion = (text: string): boolean => regionCodes.has(text) || subdivisionCodes.has(text);
