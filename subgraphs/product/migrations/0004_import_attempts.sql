-- Tries since the last step that was written, so that an import that comes no further is given up at last.
alter table imports add column attempts integer not null default 0;
