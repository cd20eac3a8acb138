/** Floor 5: from YAML to a checked plan, and running it. */
@NullMarked
package dev.twofold.pipeline;

import org.jspecify.annotations.NullMarked;
