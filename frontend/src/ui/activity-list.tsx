import { formatAgo } from "@/lib/format";
import { t } from "@/lib/text";

export type Activity = { id: string; at: string; actor_kind: string; actor: string; verb: string; object_name: string };

/** What people did, in their words; anything else is shown as the log has it. */
const WORDS: Record<string, string> = {
  "files.upload": t`uploaded`,
  "files.download": t`downloaded`,
  "files.link": t`opened`,
  "files.play": t`played`,
  "files.zip": t`downloaded as a ZIP`,
  "files.copy": t`copied`,
  "files.rename": t`renamed`,
  "files.move": t`moved`,
  "files.trash": t`moved to the trash`,
  "files.restore": t`restored`,
  "files.purge": t`deleted for good`,
  "files.tag": t`tagged`,
  "files.untag": t`took a tag off`,
  "files.restore_version": t`brought back an older version of`,
  "files.delete_version": t`deleted a version of`,
  "files.prune_versions": t`removed old versions of`,
  "files.found_corrupt": t`found damaged`,
  "folders.rename": t`renamed the folder`,
  "folders.move": t`moved the folder`,
  "folders.trash": t`moved to the trash the folder`,
  "folders.restore": t`restored the folder`,
  "folders.purge": t`deleted for good the folder`,
  "members.add": t`added`,
  "members.change": t`changed the role of`,
  "members.remove": t`removed`,
  "members.leave": t`left:`,
  "projects.create": t`created the project`,
  "projects.rename": t`renamed the project`,
  "projects.archive": t`archived the project`,
  "projects.unarchive": t`took the project out of the archive`,
  "projects.set_quota": t`changed the quota`,
  "projects.keep_versions": t`changed how many versions are kept`,
};

export function ActivityList({ items }: { items: Activity[] }) {
  return (
    <ol className="flex flex-col divide-y divide-line text-sm">
      {items.map((item) => (
        <li key={item.id} className="flex gap-3 py-2">
          <span className="min-w-0 flex-1 break-words">
            <span className="font-medium">{item.actor || (item.actor_kind === "system" ? "Stowage" : item.actor_kind)}</span> {WORDS[item.verb] ?? item.verb} {item.object_name}
          </span>
          <time dateTime={item.at} className="shrink-0 text-xs text-muted">
            {formatAgo(item.at)}
          </time>
        </li>
      ))}
    </ol>
  );
}
