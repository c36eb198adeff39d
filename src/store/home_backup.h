/* The form of a backup, shared by the files that write and read one. */
#ifndef CAIRN_STORE_HOME_BACKUP_H
#define CAIRN_STORE_HOME_BACKUP_H

#include "store/home_impl.h"

#define BACKUP_LIST "backup.sha256"
#define BACKUP_HOME "home"

/* Releases are public, everything else is private; relative is a path in the home. */
unsigned backup_file_mode(const char *relative);
unsigned backup_dir_mode(const char *relative);

#endif
