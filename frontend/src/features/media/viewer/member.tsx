"use client";

import { useEffect, useMemo, useState } from "react";

import { t } from "@/lib/text";
import { Failed, Loading } from "@/ui/states";
import { type Member, type Place, useMember } from "./api";
import { asksForPassword, PasswordQuestion } from "./password-question";
import { Lines } from "./text";

const PICTURE = /\.(jpe?g|png|gif|webp|avif|bmp)$/i;
const LARGEST = 32 << 20;
const LARGEST_TEXT = 4 << 20;

/** One member of an archive, fetched alone: pictures as pictures, all else as text. */
export function MemberView({ place, member, onPassword }: { place: Place; member: Member; onPassword: (password: string) => void }) {
  const isPicture = PICTURE.test(member.name);
  if (member.size_bytes > (isPicture ? LARGEST : LARGEST_TEXT)) return <p className="p-8 text-center text-sm text-muted">{t`This is too large to be shown from inside an archive. It can be downloaded alone.`}</p>;
  return <Loaded place={place} member={member} isPicture={isPicture} onPassword={onPassword} />;
}

function Loaded({ place, member, isPicture, onPassword }: { place: Place; member: Member; isPicture: boolean; onPassword: (password: string) => void }) {
  const body = useMember(place, member.path);
  if (body.isPending) return <Loading />;
  if (asksForPassword(body.error) || (body.isError && member.is_encrypted)) return <PasswordQuestion error={body.error} onPassword={onPassword} />;
  if (body.isError) return <Failed error={body.error} onRetry={() => void body.refetch()} />;
  return isPicture ? <MemberPicture blob={body.data} name={member.name} /> : <MemberText blob={body.data} />;
}

function MemberPicture({ blob, name }: { blob: Blob; name: string }) {
  const url = useMemo(() => URL.createObjectURL(blob), [blob]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  // eslint-disable-next-line @next/next/no-img-element -- a blob of this page
  return <img src={url} alt={name} className="mx-auto max-h-full object-contain" />;
}

function MemberText({ blob }: { blob: Blob }) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => void blob.text().then(setText), [blob]);
  if (text === null) return <Loading />;
  if (text.includes("\0")) return <p className="p-8 text-center text-sm text-muted">{t`This is no text. It can be downloaded alone.`}</p>;
  return (
    <div className="flex h-[70dvh] flex-col">
      <Lines text={text} isWhole onEnd={() => undefined} />
    </div>
  );
}
