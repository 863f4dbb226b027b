import type { AnswerStore, Kept } from '../front/kept-answers.ts';
import { createTaggedStore, type TaggedStore } from './tagged-store.ts';
import { subgraphOf } from './tags.ts';

/** Keeps whole answers until a fact makes them wrong, as far as their subgraphs' facts are told. */
export const createAnswers = (
  maxBytes: number,
  isFollowed: (subgraph: string) => boolean,
): { readonly store: AnswerStore; readonly tagged: TaggedStore<Kept> } => {
  const tagged = createTaggedStore<Kept>(maxBytes);
  const store: AnswerStore = {
    read: tagged.read,
    moment: tagged.moment,
    write: (key, kept, { answer, since }) => {
      // What depends on facts that nobody tells would never be known to be wrong.
      if (!answer.tags?.every((tag) => isFollowed(subgraphOf(tag)))) return;
      // The bytes, and about as many again for their compressed forms.
      const bytes = 2 * (kept.byteLength + key.length);
      tagged.write(key, kept, { tags: answer.tags, bytes, freshUntil: kept.freshUntil, since });
    },
  };
  return { store, tagged };
};
