import { existsSync, readdirSync } from 'node:fs';
import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * What a resolver hands on for a type, where that is not the type's own fields: the row its loaders found.
 * `file#name`, seen from the subgraph's `src`.
 */
const mappers: Record<string, Record<string, string>> = {
  product: {
    Product: './repository.ts#ProductRow',
    ProductVariant: './variant-repository.ts#VariantRow',
    ProductType: './type-domain.ts#ProductType',
    ProductConnection: './listing-service.ts#Connection',
    Category: './category-domain.ts#Category',
    Media: './domain.ts#Media',
    ProductCreated: './change-service.ts#ProductOutcome',
    ProductUpdated: './change-service.ts#ProductOutcome',
    ProductPublished: './change-service.ts#ProductOutcome',
    ProductUnpublished: './change-service.ts#ProductOutcome',
    ProductArchived: './change-service.ts#ProductOutcome',
    ProductImport: './import-repository.ts#ImportRow',
    ProductImportCreated: './import-service.ts#ImportOutcome',
    ProductImportAppended: './import-service.ts#AppendOutcome',
    ProductImportStarted: './import-service.ts#ImportOutcome',
    ProductTypeSaved: './type-service.ts#TypeOutcome',
    VariantCreated: './variant-service.ts#VariantOutcome',
    VariantUpdated: './variant-service.ts#VariantOutcome',
    VariantRemoved: './variant-service.ts#RemovedOutcome',
    CategoryCreated: './category-service.ts#CategoryOutcome',
    CategoryUpdated: './category-service.ts#CategoryOutcome',
    CategoryMoved: './category-service.ts#CategoryOutcome',
  },
  inventory: {
    ProductVariant: './outcome-domain.ts#VariantReference',
    Stock: './stock-domain.ts#Stock',
    WarehouseStock: './stock-domain.ts#Shelf',
    Warehouse: './routing-domain.ts#Warehouse',
    Reservation: './repository.ts#ReservationRow',
    ReservationLine: './outcome-domain.ts#ReservationLine',
    StockMovement: './movement-repository.ts#MovementRow',
    StockMovementConnection: './ledger-service.ts#MovementPage',
    StockChange: './stock-follower.ts#StockChange',
    WarehouseSaved: './outcome-domain.ts#WarehouseOutcome',
    StockPolicyChanged: './outcome-domain.ts#VariantOutcome',
    StockAdjusted: './outcome-domain.ts#ShelfOutcome',
    StockReserved: './outcome-domain.ts#ReservationOutcome',
    ReservationConfirmed: './outcome-domain.ts#ReservationOutcome',
    ReservationReleased: './outcome-domain.ts#ReservationOutcome',
    ReservationExtended: './outcome-domain.ts#ReservationOutcome',
    ReservationShipped: './outcome-domain.ts#ReservationOutcome',
    ReservationStateRefused: './outcome-domain.ts#StateRefusal',
  },
};

const scalars = {
  ID: 'string',
  DateTime: 'Date',
  AttributeValue: 'string | number | boolean | readonly string[]',
  Base64: 'Buffer',
  Locale: 'string',
  Region: 'string',
  Scope: 'string',
  _FieldSet: 'string',
};

const subgraphs = readdirSync('subgraphs').filter((name) => existsSync(`schema/${name}.graphql`));

const config: CodegenConfig = {
  generates: Object.fromEntries(
    subgraphs.map((name) => [
      `subgraphs/${name}/src/schema.generated.ts`,
      {
        schema: ['schema/shared.graphql', `schema/${name}.graphql`],
        plugins: ['typescript', 'typescript-resolvers'],
        config: {
          federation: true,
          useTypeImports: true,
          immutableTypes: true,
          enumsAsTypes: true,
          strictScalars: true,
          scalars,
          contextType: './main.ts#Context',
          mappers: mappers[name] ?? {},
          mapperTypeSuffix: 'Row',
          // Results carry their type's name, so a union needs no type resolver.
          resolversNonOptionalTypename: { unionMember: true },
          nonOptionalTypename: false,
          avoidOptionals: { field: false, inputValue: false },
        },
      },
    ]),
  ),
};

export default config;
