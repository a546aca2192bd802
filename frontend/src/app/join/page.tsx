import { JoinForm } from "@/features/accounts";
import { FrontDoor } from "@/ui/front-door";

export default function JoinPage() {
  return (
    <FrontDoor>
      <JoinForm />
    </FrontDoor>
  );
}
