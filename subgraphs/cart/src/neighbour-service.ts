import { AskError } from '@storegraph/server';

/** Told when another subgraph did not answer: what it would have said is not told then. */
export type OnUnanswered = (error: AskError) => void;

/** What another subgraph says; null where it is away, since that keeps nobody from the cart. */
export const orNothing = async <T>(asked: Promise<T>, onUnanswered: OnUnanswered): Promise<T | null> => {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    onUnanswered(error);
    return null;
  }
};
