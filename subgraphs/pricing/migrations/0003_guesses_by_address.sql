-- Whom an address stands for: a household has a whole /64 of IPv6. Text that is no address stands for itself.
create function network_of(address text) returns text language plpgsql immutable strict as $$
declare
  plain text := regexp_replace(split_part(address, '%', 1), '^::ffff:(\d+\.\d+\.\d+\.\d+)$', '\1', 'i');
begin
  if not pg_input_is_valid(plain, 'inet') then
    return plain;
  end if;
  return case family(plain::inet)
    when 4 then host(plain::inet)
    else text(network(set_masklen(plain::inet, 64)))
  end;
end
$$;
