import { formatAgo } from "@/lib/format";

export type Activity = { id: string; at: string; actor_kind: string; actor: string; verb: string; object_name: string };

/** What people did, in their words; anything else is shown as the log has it. */
const WORDS: Record<string, string> = {
  "files.upload": "uploaded",
  "files.download": "downloaded",
  "files.link": "opened",
  "files.play": "played",
  "files.zip": "downloaded as a ZIP",
  "files.copy": "copied",
  "files.rename": "renamed",
  "files.move": "moved",
  "files.trash": "moved to the trash",
  "files.restore": "restored",
  "files.purge": "deleted for good",
  "files.tag": "tagged",
  "files.untag": "took a tag off",
  "files.restore_version": "brought back an older version of",
  "files.delete_version": "deleted a version of",
  "files.prune_versions": "removed old versions of",
  "files.found_corrupt": "found damaged",
  "folders.rename": "renamed the folder",
  "folders.move": "moved the folder",
  "folders.trash": "moved to the trash the folder",
  "folders.restore": "restored the folder",
  "folders.purge": "deleted for good the folder",
  "members.add": "added",
  "members.change": "changed the role of",
  "members.remove": "removed",
  "members.leave": "left:",
  "projects.create": "created the project",
  "projects.rename": "renamed the project",
  "projects.archive": "archived the project",
  "projects.unarchive": "took the project out of the archive",
  "projects.set_quota": "changed the quota",
  "projects.keep_versions": "changed how many versions are kept",
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
