import type { ApolloClient } from '@apollo/client';
import { followStock } from './follow-stock.ts';
import { type Product, productPage, type Stock, type StockChange, type Variant } from './operations.ts';

/** As much of an element as the page needs; those of a browser have it. */
export type PageElement = {
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  replaceChildren(...children: PageElement[]): void;
};

export type PageOptions = {
  readonly document: { createElement(tag: string): PageElement };
  /** Where the product is shown. */
  readonly place: PageElement;
  /** The word in the product's address. */
  readonly slug: string;
  /** How long to wait with the next try after so many failures in a row. */
  readonly retryDelayMs?: (failures: number) => number;
};

/** Shows a product, and its stock as it is at every moment. Answers how to stop. */
export const openProductPage = (client: ApolloClient, options: PageOptions): (() => void) => {
  const { document, place, slug, retryDelayMs } = options;
  let stopFollowing: (() => void) | null = null;

  const show = (product: Product): void => {
    place.replaceChildren(...elementsOf(document, product));
    const variantIds = product.variants.map(({ id }) => id);
    if (variantIds.length === 0) return;
    stopFollowing ??= followStock(client, {
      variantIds,
      changed: (change) => noteStock(client, change),
      retryDelayMs,
    });
  };

  const watching = client.watchQuery({ query: productPage, variables: { slug } }).subscribe({
    next: ({ data, dataState, error }) => {
      if (error) place.textContent = 'The shop cannot be reached. Try again in a moment.';
      else if (dataState !== 'complete') place.textContent = 'One moment …';
      else if (data.product === null) place.textContent = 'There is no such product.';
      else show(data.product);
    },
  });

  return () => {
    watching.unsubscribe();
    stopFollowing?.();
  };
};

/** Whatever shows the variant, here or on another page of the app, is told by the cache. */
const noteStock = ({ cache }: ApolloClient, { variant, stock }: StockChange): void => {
  const id = cache.identify({ __typename: 'ProductVariant', id: variant.id });
  if (id !== undefined) cache.modify({ id, fields: { stock: () => stock } });
};

const elementsOf = (
  document: PageOptions['document'],
  { name, description, media, variants }: Product,
): PageElement[] => {
  const element = (tag: string, ...children: PageElement[]): PageElement => {
    const made = document.createElement(tag);
    made.replaceChildren(...children);
    return made;
  };
  const text = (tag: string, content: string): PageElement => {
    const made = document.createElement(tag);
    made.textContent = content;
    return made;
  };
  const pictures = media.slice(0, 1).map(({ url, alt }) => {
    const picture = document.createElement('img');
    picture.setAttribute('src', url);
    picture.setAttribute('alt', alt);
    return picture;
  });
  const rows = variants.map((variant) =>
    element('tr', text('td', titleOf(variant)), text('td', wordsFor(variant.stock))),
  );
  return [text('h1', name), ...pictures, text('p', description ?? ''), element('table', ...rows)];
};

const titleOf = ({ sku, options }: Variant): string =>
  options.length > 0 ? options.map(({ value }) => value).join(', ') : sku;

/** Few pieces are counted; of many it is said that there are enough. */
const wordsFor = ({ status, available }: Stock): string => {
  switch (status) {
    case 'IN_STOCK':
      return 'in stock';
    case 'LOW':
      return `only ${available} left`;
    case 'BACKORDER':
      return 'ships later';
    case 'PREORDER':
      return 'to be ordered in advance';
    case 'OUT_OF_STOCK':
      return 'sold out';
  }
};
