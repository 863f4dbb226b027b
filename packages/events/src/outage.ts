/** Tells of a fault when it begins or becomes another, and not at each try while it lasts. */
export type Outage = {
  goesOn(error: Error): void;
  isOver(): void;
};

/** Nothing is the matter yet. */
export const createOutage = (tell: (error: unknown) => void): Outage => {
  let told: string | null = null;
  return {
    goesOn: (error) => {
      if (error.message === told) return;
      told = error.message;
      tell(error);
    },
    isOver: () => {
      told = null;
    },
  };
};
