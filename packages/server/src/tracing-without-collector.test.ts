import { expect, test } from 'vitest';
import { startCollector } from './collector-for-tests.ts';
import { createLog } from './log.ts';
import { inSpan } from './span.ts';
import { startTracing } from './tracing.ts';

test('a collector that is gone keeps nobody from working, nor from stopping', async () => {
  const collector = await startCollector();
  const logged: { message: string }[] = [];
  const log = createLog((line) => logged.push(JSON.parse(line)));
  const tracing = await startTracing({ serviceName: 'rows', endpoint: collector.endpoint, log });
  await collector.stop();
  expect(await inSpan('work', {}, undefined, async (span) => span?.isRecording())).toBe(true);
  await expect(inSpan('bug', {}, undefined, () => Promise.reject(new Error('a bug')))).rejects.toThrow(
    'a bug',
  );
  await tracing.stop();
  expect(logged.map(({ message }) => message)).toEqual(['The last spans could not be sent.']);
});
