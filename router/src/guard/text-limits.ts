import { GraphQLError, Lexer, Source, TokenKind } from 'graphql';
import type { GraphError } from '../run/answer.ts';
import { exceeded, type OperationLimits } from './limits.ts';

/** What a token adds to the brackets it stands in. */
const levels: Readonly<Partial<Record<TokenKind, 1 | -1>>> = {
  [TokenKind.BRACE_L]: 1,
  [TokenKind.BRACKET_L]: 1,
  [TokenKind.PAREN_L]: 1,
  [TokenKind.BRACE_R]: -1,
  [TokenKind.BRACKET_R]: -1,
  [TokenKind.PAREN_R]: -1,
};

const measures = [
  ['tokens', 'maxTokens', 'has too many words and signs'],
  ['definitions', 'maxDefinitions', 'comes with too many definitions'],
  ['nesting', 'maxNesting', 'has too many brackets inside brackets'],
] as const;

const readTokens = (text: string, limits: OperationLimits): GraphError | null => {
  const { maxTokens, maxDefinitions, maxNesting } = limits;
  const lexer = new Lexer(new Source(text));
  const size = { tokens: 0, definitions: 0, nesting: 0 };
  while (size.tokens <= maxTokens && size.definitions <= maxDefinitions && size.nesting <= maxNesting) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) return null;
    size.tokens += 1;
    // Of an operation or a fragment only its fields stand in braces that nothing is around.
    if (kind === TokenKind.BRACE_L && size.nesting === 0) size.definitions += 1;
    size.nesting += levels[kind] ?? 0;
  }
  const [measure, limit, sentence] = measures.find(([one, most]) => size[one] > limits[most]) ?? measures[0];
  return exceeded(limit, sentence, size[measure], limits[limit]);
};

/**
 * What is too large about a text; null when nothing is. Asked before it is parsed, which takes a stack as deep as the
 * brackets are; it is read no further than to the limit.
 */
export const checkText = (text: string, limits: OperationLimits): GraphError | null => {
  const { maxLength } = limits;
  if (text.length > maxLength) return exceeded('maxLength', 'is too long', text.length, maxLength);
  try {
    return readTokens(text, limits);
  } catch (error) {
    // A sign that GraphQL does not have: the parser says where.
    if (error instanceof GraphQLError) return null;
    throw error;
  }
};
