/** Floor 6: from YAML to a checked plan, and running it. */
@NullMarked
package dev.twofold.pipeline;

import org.jspecify.annotations.NullMarked;
