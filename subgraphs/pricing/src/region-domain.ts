/** Where somebody buys: a country (`DE`), or a state of one (`US-CA`), whose buyers are the country's too. */

export const countryOf = (region: string): string => region.slice(0, 2);

/** The state, as in ISO 3166-2 without its country; empty for a whole country. */
export const subdivisionOf = (region: string): string => region.slice(3);

/** Whether it is one of the regions named, or a state of one. */
export const liesIn = (region: string, named: readonly string[]): boolean =>
  named.includes(region) || named.includes(countryOf(region));

/** How many people something said for regions is for: 0 for those of states, 1 for countries, 2 for everybody. */
export const reachOf = (regions: readonly string[] | null): number => {
  if (regions === null) return 2;
  return regions.some((region) => subdivisionOf(region) !== '') ? 0 : 1;
};
