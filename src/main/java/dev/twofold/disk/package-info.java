/** Floor 1: what touches the disk: files of strangers, mapped reading, staging, locks, hashes. */
@NullMarked
package dev.twofold.disk;

import org.jspecify.annotations.NullMarked;
