import ArgumentParser
import Node

/// Where a house is: the same option on every command that works on its files.
struct DataOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
    var data = "./var"

    var paths: HousePaths { HousePaths(data: data) }
}
