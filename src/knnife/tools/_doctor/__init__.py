"""What `knnife.doctor` checks, a file for each kind of trouble; the tool itself is knnife/tools/doctor.py."""
