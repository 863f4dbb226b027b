import { connect } from '@storegraph/postgres';
import { isEntryPoint, log } from '@storegraph/server';
import { tellWhy } from './cannot-start.ts';
import { readEnv } from './env.ts';
import { joinPostgres } from './shop-postgres.ts';
import { consumptionIn, headIn, rowsOf } from './shop-repository.ts';
import { parts } from './subgraphs.ts';

/** What was found to break one invariant; no rows mean that it holds. */
export type Finding = { readonly subgraph: string; readonly says: string; readonly rows: readonly unknown[] };

/** More would not fit on a screen, and one is enough to begin with. */
const shownRows = 20;

/** What must hold of the tables that every subgraph has. */
const ofEverySubgraph: Readonly<Record<string, string>> = {
  'the outbox is numbered without gaps up to its head': `
    select head.sequence as head, written.* from outbox_head head
    cross join (
      select count(*) as facts, coalesce(min(sequence), 1) as first, coalesce(max(sequence), 0) as last from outbox
    ) as written
    where written.last <> head.sequence or written.facts <> written.last - written.first + 1`,
  'no fact was put aside as a dead letter': `
    select consumer, publisher, sequence, type, reason, failed_at from dead_letters order by failed_at`,
};

/** Runs every invariant of the shop: those of each subgraph, and those of the house. */
export const checkInvariants = async (url: string): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const { name, invariants } of parts) {
    const db = connect({
      url,
      schema: name,
      name: 'invariants',
      statementConnections: 1,
      transactionConnections: 1,
    });
    try {
      for (const [says, query] of Object.entries({ ...(await invariants()), ...ofEverySubgraph })) {
        findings.push({ subgraph: name, says, rows: await rowsOf(db, query) });
      }
    } finally {
      await db.close();
    }
  }
  return [...findings, ...(await checkConsumption(url))];
};

/** Nobody can have taken in a fact that was not published; this one looks into two subgraphs at a time. */
const checkConsumption = async (url: string): Promise<Finding[]> => {
  const dbs = parts.map(({ name }) =>
    connect({ url, schema: name, name: 'invariants', statementConnections: 1, transactionConnections: 1 }),
  );
  try {
    // Positions before heads: a head only grows, so that a shop at work does not look broken.
    const positions = await Promise.all(dbs.map(consumptionIn));
    const heads = new Map(await Promise.all(dbs.map(async (db) => [db.schema, await headIn(db)] as const)));
    return parts.map(({ name }, index) => ({
      subgraph: name,
      says: 'nothing was consumed before it was published',
      rows: (positions[index] ?? []).filter(
        ({ publisher, sequence }) => sequence > (heads.get(publisher) ?? 0),
      ),
    }));
  } finally {
    await Promise.all(dbs.map((db) => db.close()));
  }
};

/** `npm run invariants`: a line each, and the rows that break one. */
const run = async () => {
  const { folder, postgresUrl } = readEnv();
  const postgres = await joinPostgres({ folder, postgresUrl, log });
  try {
    const findings = await checkInvariants(postgres.url);
    for (const { subgraph, says, rows } of findings) {
      console.log(`${rows.length === 0 ? 'holds ' : 'BROKEN'}  ${subgraph}: ${says}`);
      if (rows.length > 0) console.table(rows.slice(0, shownRows));
    }
    const broken = findings.filter(({ rows }) => rows.length > 0).length;
    console.log(`${findings.length} invariants, ${broken} broken.`);
    process.exitCode = broken === 0 ? 0 : 1;
  } finally {
    await postgres.stop();
  }
};

if (isEntryPoint(import.meta.url)) {
  run().catch((error: unknown) => {
    tellWhy(error);
    process.exitCode = 1;
  });
}
