import { gql, type TypedDocumentNode } from '@apollo/client';

/** How much there is of a variant. */
export type Stock = {
  readonly status: 'IN_STOCK' | 'LOW' | 'BACKORDER' | 'PREORDER' | 'OUT_OF_STOCK';
  readonly available: number;
};

export type Variant = {
  readonly id: string;
  readonly sku: string;
  readonly options: readonly { readonly name: string; readonly value: string }[];
  readonly stock: Stock;
};

export type Product = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly media: readonly { readonly id: string; readonly url: string; readonly alt: string }[];
  readonly variants: readonly Variant[];
};

/** What the page shows. */
export const productPage: TypedDocumentNode<{ readonly product: Product | null }, { readonly slug: string }> =
  gql`
  query ProductPage($slug: String!) {
    product(slug: $slug) {
      id
      name
      description
      media {
        id
        url
        alt
      }
      variants {
        id
        sku
        options {
          name
          value
        }
        stock {
          status
          available
        }
      }
    }
  }
`;

/** A variant's stock, and the place in the stream after which to go on. */
export type StockChange = {
  readonly cursor: string;
  readonly variant: { readonly id: string };
  readonly stock: Stock;
};

/** Begins with the stock there is or, with `after`, with what has changed since. */
export const stockChanged: TypedDocumentNode<
  { readonly stockChanged: StockChange },
  { readonly variantIds: readonly string[]; readonly after: string | null }
> = gql`
  subscription StockChanged($variantIds: [ID!]!, $after: String) {
    stockChanged(variantIds: $variantIds, after: $after) {
      cursor
      variant {
        id
      }
      stock {
        status
        available
      }
    }
  }
`;
