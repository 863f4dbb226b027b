-- The name of the secret that a second factor was set up under, so that it is known when an old one is needed no more.
alter table accounts add column totp_key text;
