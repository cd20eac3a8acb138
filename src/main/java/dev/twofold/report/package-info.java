/** Floor 4: the manifest of an output, and what is checked against it. */
@NullMarked
package dev.twofold.report;

import org.jspecify.annotations.NullMarked;
