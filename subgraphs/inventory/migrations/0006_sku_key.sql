-- Warehouses type SKUs from labels, so variants are found by the form in which SKUs are compared. The subgraph
-- writes it (skuKeyOf). The rows that are here already get it by the same rule in SQL; letters that this server's
-- Unicode is too old for get theirs when the catalogue next tells of the variant.
alter table variants add column sku_key text collate "C";
update variants set sku_key = lower(normalize(sku, NFKC) collate "und-x-icu");
alter table variants alter column sku_key set not null;
drop index variants_sku;
create index variants_sku_key on variants (sku_key);
