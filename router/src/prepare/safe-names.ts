import { type FieldNode, Kind, visit } from 'graphql';
import { responseName, type Single } from './prune.ts';

/** Every object has these already, so that a value which is missing would seem to be there. */
const taken = new Set(Object.getOwnPropertyNames(Object.prototype));

/** An operation whose response names can be used as keys of plain objects, and what the client calls them. */
export type SafelyNamed = Single & { readonly clientName: (name: string) => string };

const namesOf = ({ operation, fragments }: Single): Set<string> => {
  const names = new Set<string>();
  const note = { [Kind.FIELD]: (node: FieldNode) => void names.add(responseName(node)) };
  visit(operation, note);
  for (const fragment of fragments.values()) visit(fragment, note);
  return names;
};

/** Gives fields that answer as `__proto__`, `constructor` and their like another name on the way. */
export const withSafeNames = (single: Single): SafelyNamed => {
  const names = namesOf(single);
  const dangerous = [...names].filter((name) => taken.has(name));
  if (dangerous.length === 0) return { ...single, clientName: (name) => name };

  const clientNames = new Map<string, string>();
  const safeNames = new Map<string, string>();
  for (const name of dangerous) {
    let safe = `safe_${name}`;
    while (names.has(safe)) safe += '_';
    names.add(safe);
    clientNames.set(safe, name);
    safeNames.set(name, safe);
  }
  const rename = {
    [Kind.FIELD]: (node: FieldNode) => {
      const safe = safeNames.get(responseName(node));
      return safe === undefined ? undefined : { ...node, alias: { kind: Kind.NAME, value: safe } };
    },
  };
  return {
    operation: visit(single.operation, rename),
    fragments: new Map([...single.fragments].map(([name, fragment]) => [name, visit(fragment, rename)])),
    clientName: (name) => clientNames.get(name) ?? name,
  };
};
