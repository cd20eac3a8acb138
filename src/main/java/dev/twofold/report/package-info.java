/** Floor 5: the manifest of an output, what is checked against it, and the report of an inspection. */
@NullMarked
package dev.twofold.report;

import org.jspecify.annotations.NullMarked;
