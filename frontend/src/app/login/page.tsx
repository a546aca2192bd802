import { LoginForm } from "@/features/accounts";
import { FrontDoor } from "@/ui/front-door";

export default function LoginPage() {
  return (
    <FrontDoor>
      <LoginForm />
    </FrontDoor>
  );
}
