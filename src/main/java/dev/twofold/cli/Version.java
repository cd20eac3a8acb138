package dev.twofold.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** The version of Twofold, from the jar it runs from. */
final class Version implements IVersionProvider {

    static String current() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"twofold " + current()};
    }
}
