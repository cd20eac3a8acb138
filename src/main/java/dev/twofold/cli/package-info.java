/** Floor 7: the command line; the only printer of text and the only judge of exit codes. */
@NullMarked
package dev.twofold.cli;

import org.jspecify.annotations.NullMarked;
