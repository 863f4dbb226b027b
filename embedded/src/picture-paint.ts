/** The colours of one picture. */
export type Paint = {
  /** Behind the thing. */
  readonly wall: string;
  /** The figure on the wall, and what the thing stands on. */
  readonly floor: string;
  /** The thing itself. */
  readonly body: string;
  /** Its parts in shade. */
  readonly deep: string;
  /** Its bright parts. */
  readonly pale: string;
  /** A detail that catches the eye. */
  readonly accent: string;
  /** What is dark on every other colour. */
  readonly ink: string;
};

/** Draws a thing that stands on the line y = 372 of a square of 480, with one of four details (0 to 3). */
export type Shape = (paint: Paint, detail: number) => string;

const paint = (colours: string): Paint => {
  const [wall = '', floor = '', body = '', deep = '', pale = '', accent = '', ink = ''] = colours.split(' ');
  return { wall, floor, body, deep, pale, accent, ink };
};

/** Each was chosen by eye, so that a grid of them looks like one shop. */
export const paints: readonly Paint[] = [
  '#fbe9dd #f5cdb4 #d9633b #a8431f #fff6ee #2f6f73 #3a241c',
  '#e3eef2 #bfd8e2 #2f6690 #1f4766 #f6fafc #f2a541 #14232f',
  '#eef0e0 #d3dbb4 #6f8a3a #4d6425 #fbfbf1 #e4572e #262e16',
  '#f4e6ee #e4c3d6 #a23b72 #74254f #fdf5f9 #f0a202 #331325',
  '#ece8f7 #cfc6ec #5f4bb6 #40318a #f8f6fd #ef767a #1f1842',
  '#fdf2d5 #f5da94 #e0a01b #ad7508 #fffaec #33658a #3b2a06',
  '#dff1ee #b0dbd4 #1f8a7d #11625a #f3fbfa #f26b5e #0d2b28',
  '#f1ece6 #d9cbbb #8a6a4c #634a33 #fbf8f4 #3f7cac #2b2017',
  '#e8ebf0 #c6cedb #46536b #2d374a #f7f8fb #ee8434 #171c27',
  '#fde7e6 #f6bfbd #d64550 #9f2a35 #fff5f5 #1c6e8c #35131a',
  '#e6f0fb #bcd7f3 #3a86d9 #2461a6 #f5f9fe #f5b841 #10263f',
  '#efe9e9 #d5c6c7 #6d4c52 #4b3237 #fbf7f7 #7fb069 #23171a',
].map(paint);
