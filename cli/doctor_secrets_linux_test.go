package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pitwall/agent/engine"
)

func TestDoctorNamesWhatOfAKeyAScriptCouldRead(t *testing.T) {
	home, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	models := "[providers.lab]\nbase_url = \"https://llm.example.org/v1\"\nkey_env = \"PITWALL_TEST_LAB_KEY\"\nkey_command = [\"cat\", \"" + key + "\"]\n" +
		"[providers.other]\nbase_url = \"https://other.example.org/v1\"\nheaders = { X-Api-Key = \"" + secret + "\" }\n"
	path := filepath.Join(home, engine.ModelsFile)
	if err := os.WriteFile(path, []byte(models), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sleep", "600")
	cmd.Env = []string{"PITWALL_TEST_LAB_KEY=" + secret}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	a := &app{getenv: func(name string) string { return map[string]string{"PITWALL_HOME": home}[name] }}
	checks := []check{a.checkSecrets()}
	said := told(t, checks, "secrets")
	contains(t, said, "miss ", fmt.Sprintf("PITWALL_TEST_LAB_KEY of sleep (%d)", cmd.Process.Pid), path, key, "key_command")
	if strings.Contains(said, secret) {
		t.Errorf("doctor shows a key: %s", said)
	}
}

func TestDoctorNamesTheShellThatStartedItWithAKey(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "pitwall")
	if err := os.Symlink(exe, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `"$0" doctor; exit $?`, program)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PITWALL_HOME=" + t.TempDir(), "PITWALL_LOCK=" + filepath.Join(t.TempDir(), "lock"), "OPENAI_API_KEY=" + secret}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	contains(t, string(out), "OPENAI_API_KEY of sh (", "which started pitwall", "key_command")
	if strings.Contains(string(out), secret) {
		t.Errorf("doctor shows a key:\n%s", out)
	}
}

func TestAnEditorIsHandedNoKey(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", secret)
	t.Setenv("PITWALL_TEST_LAB", secret)
	home := t.TempDir()
	models := "[providers.lab]\nbase_url = \"https://llm.example.org/v1\"\nkey_env = \"PITWALL_TEST_LAB\"\n"
	if err := os.WriteFile(filepath.Join(home, engine.ModelsFile), []byte(models), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PITWALL_HOME", home)
	cmd := (&app{getenv: os.Getenv}).editor("train.py")
	if env := strings.Join(cmd.Environ(), "\n"); strings.Contains(env, secret) || !strings.Contains(env, "PATH=") {
		t.Errorf("the editor's environment: %s", env)
	}
}
