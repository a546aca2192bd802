"use client";

import { UserPlus } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { toast } from "@/lib/toast";

import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { LANGUAGE, t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Once } from "@/ui/once";
import { SearchField } from "@/ui/search-field";
import { Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type NewLink, useInvite, useLinks, usePeople, useWithdraw } from "./api";
import { NewPerson } from "./new-person";
import { PersonRow } from "./person-row";

function OpenLinks() {
  const links = useLinks();
  const withdraw = useWithdraw();
  if (!links.data?.items.length) return null;
  return (
    <section className="flex flex-col gap-3">
      <h2 className="font-semibold">{t`Links that were not used yet`}</h2>
      <Table headings={[t`For`, t`Made`, t`Works until`, `-${t`Withdraw`}`]}>
        {links.data.items.map((link) => (
          <tr key={link.id} className={ROW}>
            <td className="px-4 py-2.5">{link.username ? t`New password of ${link.username}` : t`Invitation${link.email ? t` of ${link.email}` : ""} as ${link.role}`}</td>
            <td className="px-4 text-muted">{formatAgo(link.created_at)}</td>
            <td className="px-4 text-muted">{new Date(link.expires_at).toLocaleString(LANGUAGE)}</td>
            <td className="px-2 text-right">
              <Button look="quiet" onClick={() => withdraw.mutate(link.id, { onError: (error) => toast.error(messageOf(error)) })}>
                {t`Withdraw`}
              </Button>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

/** Who has an account, for administrators. */
export function People() {
  const [text, setText] = useState("");
  const people = usePeople(useDeferredValue(text.trim()));
  const invite = useInvite();
  const [link, setLink] = useState<NewLink | null>(null);
  const [isAdding, setAdding] = useState(false);
  const found = people.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <div className="mr-auto">
          <SearchField label={t`Find people`} value={text} onValue={setText} />
        </div>
        <Button disabled={invite.isPending} onClick={() => invite.mutate({ role: "member" }, { onSuccess: setLink, onError: (error) => toast.error(messageOf(error)) })}>
          {t`Invite by link`}
        </Button>
        <Button look="primary" onClick={() => setAdding(true)}>
          <UserPlus className="size-4" aria-hidden /> {t`New account`}
        </Button>
      </div>
      {link && <Once secret={link.url} about={t`Send this link to one person. It works once, and is shown only now.`} onDone={() => setLink(null)} />}
      {isAdding && <NewPerson onDone={() => setAdding(false)} />}
      {people.isPending && <Loading />}
      {people.isError && <Failed error={people.error} onRetry={() => void people.refetch()} />}
      {people.isSuccess && (
        <Table headings={[t`Person`, t`Role`, t`Space`, t`Last sign-in`, t`State`, `-${t`Actions`}`]} testId="people">
          {found.map((person) => (
            <PersonRow key={person.id} person={person} onLink={setLink} />
          ))}
        </Table>
      )}
      {people.isSuccess && found.length === 0 && <p className="text-center text-sm text-muted">{t`Nobody matches.`}</p>}
      {people.hasNextPage && (
        <Button className="self-center" onClick={() => void people.fetchNextPage()} disabled={people.isFetchingNextPage}>
          {t`Show more`}
        </Button>
      )}
      <OpenLinks />
    </>
  );
}
