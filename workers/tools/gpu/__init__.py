"""GPUs of this machine: what NVML says of them, and what ffmpeg can prove that it does with them."""
