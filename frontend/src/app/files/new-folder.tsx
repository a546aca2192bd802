import { FolderPlus } from "lucide-react";
import { toast } from "@/lib/toast";

import { useCreateFolder } from "@/features/files";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { NameForm } from "@/ui/name-form";

export function NewFolder({ projectId, parent }: { projectId: string; parent: string | null }) {
  const create = useCreateFolder(projectId, parent);
  return (
    <NameForm
      label={t`Name of the new folder`}
      isBusy={create.isPending}
      onName={(name, close) => create.mutate(name, { onSuccess: close, onError: (error) => toast.error(messageOf(error)) })}
    >
      <FolderPlus className="size-4" aria-hidden /> <span className="max-sm:sr-only">{t`Folder`}</span>
    </NameForm>
  );
}
