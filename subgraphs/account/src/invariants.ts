import { dataHolders } from './data-job-domain.ts';

/** Queries that must return nothing. */
export const invariants: Readonly<Record<string, string>> = {
  'the audit log is numbered without gaps, and its head is its last entry': `
    select head.entry_id as head, written.* from audit_head head
    cross join (
      select count(*) as entries, coalesce(max(entry_id), 0) as last,
        coalesce((select hash from audit_entries order by entry_id desc limit 1), '') as hash
      from audit_entries
    ) as written
    where written.last <> head.entry_id or written.entries <> head.entry_id or written.hash <> head.hash`,
  'each audit entry holds the hash of the one before it, and its own': `
    select entry_id, at, actor, action, subject_id,
      case when previous <> expected then 'the chain is broken before it' else 'it was changed' end as fault
    from (
      select entry.*, audit_hash(entry) as computed, coalesce(lag(hash) over (order by entry_id), '') as expected
      from audit_entries entry
    ) as chain
    where previous <> expected or hash <> computed order by entry_id`,
  'every session that lives was written down as a sign-in': `
    select session_id from sessions session
    where ended_at is null and not exists (
      select from audit_entries
      where subject_id = session.account_id and action = 'signed_in' and details ->> 'sessionId' = session_id::text)`,
  // As far back as facts are kept for sure, and since the first of them: before it nothing was told yet.
  'every session that has ended is told of': `
    select session_id from sessions
    where ended_at > (select min(occurred_at) from outbox where type = 'account.sessions_ended')
      and ended_at > now() - interval '6 days'
      and session_id::text not in (
        select jsonb_array_elements_text(data -> 'sessionIds') from outbox where type = 'account.sessions_ended')`,
  'nobody is signed in to an account that may not be': `
    select session_id, account.state from sessions join accounts account using (account_id)
    where ended_at is null and expires_at > now() and account.state <> 'ACTIVE'`,
  'a used challenge or sign-up was used in its time': `
    select challenge_id as id from challenges where used_at > expires_at
    union all select sign_up_id from sign_ups where used_at > expires_at
    union all select link_id from links where used_at > expires_at`,
  'whoever has addresses has defaults for shipping and billing, and whoever has saved ways to pay has one': `
    select customer_id, default_shipping_id, default_billing_id, default_payment_method_id from profiles
    where (exists (select from addresses where addresses.customer_id = profiles.customer_id)
        and (default_shipping_id is null or default_billing_id is null))
      or (exists (select from payment_methods where payment_methods.customer_id = profiles.customer_id)
        and default_payment_method_id is null)`,
  'no marketing channel stands without its consent': `
    select customer_id, channel from profiles cross join unnest(marketing_channels) as channel
    where (select is_granted from consents
      where consents.customer_id = profiles.customer_id and purpose = 'MARKETING_' || channel
      order by consent_id desc limit 1) is not true`,
  'what is kept of an erased customer is nothing but what the law asks for': `
    select job_id, customer_id from data_jobs job join accounts on account_id = customer_id
    where kind = 'ERASURE' and status = 'FINISHED' and (state <> 'ERASED'
      or exists (select from profiles where profiles.customer_id = job.customer_id)
      or exists (select from sessions where account_id = job.customer_id)
      or exists (select from identities where account_id = job.customer_id)
      or exists (select from data_jobs export where export.customer_id = job.customer_id and archive is not null))`,
  'a finished export or erasure has a receipt of every part of the shop': `
    select job_id, kind, count(subgraph) as receipts from data_jobs left join data_receipts using (job_id)
    where status = 'FINISHED' group by job_id
    having count(subgraph) <> ${dataHolders.length} or bool_or(content is not null)`,
};
