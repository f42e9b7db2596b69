package import XMLStream

/// RFC 6352. Names that other vocabularies also use begin with `carddav`.
extension XMLName {
    // MARK: 5.2, 6.2: the address book and its properties

    package static let addressDataType = XMLName(carddav: "address-data-type")
    package static let addressbook = XMLName(carddav: "addressbook")
    package static let addressbookDescription = XMLName(carddav: "addressbook-description")
    package static let maxImageSize = XMLName(carddav: "max-image-size")
    package static let carddavMaxResourceSize = XMLName(carddav: "max-resource-size")
    package static let supportedAddressData = XMLName(carddav: "supported-address-data")
    package static let carddavSupportedCollationSet = XMLName(carddav: "supported-collation-set")

    // MARK: 7.1: properties of principals

    package static let addressbookHomeSet = XMLName(carddav: "addressbook-home-set")
    package static let principalAddress = XMLName(carddav: "principal-address")

    // MARK: 8: reports

    package static let addressbookMultiget = XMLName(carddav: "addressbook-multiget")
    package static let addressbookQuery = XMLName(carddav: "addressbook-query")

    // MARK: 10: elements of reports

    package static let addressData = XMLName(carddav: "address-data")
    package static let carddavAllprop = XMLName(carddav: "allprop")
    package static let carddavFilter = XMLName(carddav: "filter")
    package static let carddavIsNotDefined = XMLName(carddav: "is-not-defined")
    package static let carddavLimit = XMLName(carddav: "limit")
    package static let carddavNresults = XMLName(carddav: "nresults")
    package static let carddavParamFilter = XMLName(carddav: "param-filter")
    package static let carddavProp = XMLName(carddav: "prop")
    package static let carddavPropFilter = XMLName(carddav: "prop-filter")
    package static let carddavTextMatch = XMLName(carddav: "text-match")

    // MARK: 6.3.2.1, 8.3.4, 8.6: conditions

    package static let addressbookCollectionLocationOk = XMLName(carddav: "addressbook-collection-location-ok")
    package static let carddavNoUidConflict = XMLName(carddav: "no-uid-conflict")
    package static let carddavNumberOfMatchesWithinLimits = XMLName(carddav: "number-of-matches-within-limits")
    package static let supportedAddressDataConversion = XMLName(carddav: "supported-address-data-conversion")
    package static let carddavSupportedCollation = XMLName(carddav: "supported-collation")
    package static let carddavSupportedFilter = XMLName(carddav: "supported-filter")
    package static let validAddressData = XMLName(carddav: "valid-address-data")
    package static let carddavValidFilter = XMLName(carddav: "valid-filter")
}
