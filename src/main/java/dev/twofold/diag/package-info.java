/** Floor 0: what goes wrong, where it was found, and how far long work has come. */
@NullMarked
package dev.twofold.diag;

import org.jspecify.annotations.NullMarked;
