/** The longest delay a timer takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Milliseconds until then, as far as a timer can count. */
export const remainingUntil = (deadlineAt: number): number =>
  Math.min(Math.floor(deadlineAt - Date.now()), maxTimerMs);

/** What work gives, or 'late' when it is not there by then; it then goes on unwatched. */
export const byDeadline = async <T>(deadlineAt: number, work: Promise<T>): Promise<T | 'late'> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, remainingUntil(deadlineAt), 'late');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
