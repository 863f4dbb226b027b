/**
 * Rates as states had them at the beginning of 2026, in percent, for a shop to begin with: whoever sells looks them
 * up with the tax office. A country's own name of the tax, the rate of most goods, and that of printed books where
 * it is another.
 */
const valueAddedTaxes: Readonly<Record<string, readonly [name: string, standard: number, books?: number]>> = {
  AT: ['USt', 20, 10],
  BE: ['BTW/TVA', 21, 6],
  BG: ['DDS', 20, 9],
  CH: ['MWST/TVA/IVA', 8.1, 2.6],
  CY: ['FPA', 19, 3],
  CZ: ['DPH', 21, 0],
  DE: ['MwSt', 19, 7],
  DK: ['moms', 25],
  EE: ['käibemaks', 24, 9],
  ES: ['IVA', 21, 4],
  FI: ['ALV', 25.5, 13.5],
  FR: ['TVA', 20, 5.5],
  GB: ['VAT', 20, 0],
  GR: ['FPA', 24, 6],
  HR: ['PDV', 25, 5],
  HU: ['ÁFA', 27, 5],
  IE: ['VAT', 23, 0],
  IT: ['IVA', 22, 4],
  LI: ['MWST', 8.1, 2.6],
  LT: ['PVM', 21, 5],
  LU: ['TVA', 17, 3],
  LV: ['PVN', 21, 5],
  MT: ['VAT', 18, 5],
  NL: ['btw', 21, 9],
  PL: ['VAT', 23, 5],
  PT: ['IVA', 23, 6],
  RO: ['TVA', 21, 11],
  SE: ['moms', 25, 6],
  SI: ['DDV', 22, 5],
  SK: ['DPH', 23, 5],
};

/** What states take, without what counties and cities add. Those that are not here take none. */
const salesTaxes: Readonly<Record<string, number>> = {
  ...{
    AL: 4,
    AR: 6.5,
    AZ: 5.6,
    CA: 7.25,
    CO: 2.9,
    CT: 6.35,
    DC: 6,
    FL: 6,
    GA: 4,
    HI: 4,
    IA: 6,
    ID: 6,
    IL: 6.25,
  },
  ...{ IN: 7, KS: 6.5, KY: 6, LA: 5, MA: 6.25, MD: 6, ME: 5.5, MI: 6, MN: 6.875, MO: 4.225, MS: 7, NC: 4.75 },
  ...{
    ND: 5,
    NE: 5.5,
    NJ: 6.625,
    NM: 4.875,
    NV: 6.85,
    NY: 4,
    OH: 5.75,
    OK: 4.5,
    PA: 6,
    RI: 7,
    SC: 6,
    SD: 4.2,
  },
  ...{ TN: 7, TX: 6.25, UT: 4.85, VA: 4.3, VT: 6, WA: 6.5, WI: 5, WV: 6, WY: 4 },
};

type SeededTax = {
  readonly region: string;
  readonly subdivision: string | null;
  readonly category: string;
  readonly name: string;
  readonly rateMillionths: number;
  readonly validFrom: Date;
};

const millionths = (percent: number): number => Math.round(percent * 10_000);

/** The rates of tax that a shop begins with. */
export const seededTaxes = (validFrom: Date): SeededTax[] => [
  ...Object.entries(valueAddedTaxes).flatMap(([region, [name, standard, books]]) => {
    const tax = { region, subdivision: null, name, validFrom };
    return [
      { ...tax, category: 'standard', rateMillionths: millionths(standard) },
      ...(books === undefined ? [] : [{ ...tax, category: 'books', rateMillionths: millionths(books) }]),
    ];
  }),
  ...Object.entries(salesTaxes).map(([subdivision, percent]) => ({
    ...{ region: 'US', subdivision, category: 'standard', name: 'Sales tax', validFrom },
    rateMillionths: millionths(percent),
  })),
];
