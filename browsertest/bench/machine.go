package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine describes where the results come from. What is not known stays empty.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Node   string `json:"node"`
}

func thisMachine() machine {
	version, _ := exec.Command("node", "--version").Output()
	return machine{
		CPU:    field("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Memory: memory(),
		Kernel: kernel(),
		Go:     strings.TrimPrefix(runtime.Version(), "go"),
		Node:   strings.TrimPrefix(string(bytes.TrimSpace(version)), "v"),
	}
}

func memory() string {
	var kilobytes float64
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%g kB", &kilobytes); err != nil {
		return ""
	}
	return fmt.Sprintf("%.0f GiB", kilobytes/(1<<20))
}

// kernel returns the operating system and the numbers of its version.
func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS
	}
	version, _, _ := strings.Cut(string(bytes.TrimSpace(release)), "-")
	return "Linux " + version
}

// field returns the value of the first "name : value" line of a file.
func field(file, name string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
